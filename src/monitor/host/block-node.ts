/** A block node that is open, and how it is kept from being removed. */
import type { Storage } from '../../nbd/storage/storage.ts'
import type { NodeDefinition } from './block-node-definition.ts'

/** A node with all that is told of it. */
export type BlockNode = {
  readonly name: string
  readonly definition: NodeDefinition
  readonly storage: Storage
  readonly isReadOnly: boolean
  /** Of what the node is made, down to the file. */
  readonly filename: string
}

/** Holds a node, so that it is not removed; it is released once. */
export type NodeUse = { readonly node: BlockNode; readonly release: () => void }
