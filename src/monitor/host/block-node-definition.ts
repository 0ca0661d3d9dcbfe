/** What a block node is to be, whatever language it was asked for in. */
import type { StorageHandling } from '../../nbd/storage/handled-storage.ts'

/** Where the bytes are. */
export type NodeSource =
  | { readonly driver: 'file' | 'host_device'; readonly filename: string }
  /** Memory of this process; QEMU has no such node. */
  | { readonly driver: 'memory'; readonly size: number }
  /** It has a size of its own where none is given. */
  | { readonly driver: 'null-co'; readonly size?: number }

/** A node over another one, or over a source of its own. */
export type RawLayer = {
  readonly driver: 'raw'
  readonly file: { readonly node: string } | NodeSource
  /** In bytes. */
  readonly offset?: number
  readonly size?: number
}

export type NodeDefinition = (NodeSource | RawLayer) & {
  readonly name: string
  readonly isReadOnly?: boolean
  /** Read-only where the file cannot be opened to write. */
  readonly isReadOnlyIfNeeded?: boolean
  readonly handling?: StorageHandling
}
