/** What a program says when it makes objects, and when it has them watched. */
import type { FileWatcherOptions } from '../../files/file-watcher.ts'
import type { GnutlsRelease } from '../../priority/releases.ts'
import type { SystemConfig } from '../../priority/system-config.ts'

export type TlsObjectsContext = {
  /** The file that keywords of priority strings are looked up in. */
  readonly config?: SystemConfig
  /** Reads that file anew; without it the configuration never changes. */
  readonly readConfig?: () => SystemConfig
  readonly release?: GnutlsRelease
  /**
   * The keyword of the application that the objects belong to, such as `LIBVIRT`. Objects without a
   * priority of their own ask for it before `@QEMU,SYSTEM`.
   */
  readonly keyword?: string
}

/**
 * What becomes of an object that is in use and is to be removed: `safe` refuses it, `hard` removes it and
 * leaves its last load to those who use it, as QEMU does with TLS credentials.
 */
export const OBJECT_REMOVE_MODES = ['safe', 'hard'] as const

export type ObjectRemoveMode = (typeof OBJECT_REMOVE_MODES)[number]

export type WatchOptions = FileWatcherOptions & {
  /**
   * How long a new set of files may be broken before that is told, in milliseconds: a user may
   * be in the middle of replacing it.
   */
  readonly patience?: number
  /** When a refused set of files is read again although none has changed, in milliseconds. */
  readonly retryAfter?: number
}
