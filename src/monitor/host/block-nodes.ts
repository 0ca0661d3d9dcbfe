/** The block nodes of a host: what exports keep their bytes in, under names, as QEMU has them. */
import { stat } from 'node:fs/promises'
import { fail } from '../../diagnostics/diagnostic.ts'
import type { BlockNode, NodeUse } from './block-node.ts'
import type { NodeDefinition } from './block-node-definition.ts'
import { openNode } from './block-node-opening.ts'
import { HOST_KINDS } from './host-diagnostics.ts'
import { isIdentifier } from './identifier.ts'

/** As in QEMU, in characters. */
const NAME_LIMIT = 31

type Entry = BlockNode & {
  users: number
  /** Closes what the node has opened, or lets go of the node that it stands on. */
  readonly close: () => Promise<void>
}

export class BlockNodes {
  readonly #entries = new Map<string, Entry>()

  /** The newest first, as QEMU lists them. */
  get list(): readonly BlockNode[] {
    return [...this.#entries.values()].reverse()
  }

  /**
   * Opens what the node stands for.
   *
   * @throws DiagnosticError MONITOR_NODE_...
   */
  async add(definition: NodeDefinition): Promise<void> {
    const { name } = definition
    this.#refuseName(name)
    const opened = await openNode(definition, (below) => this.use(below, below))
    // Another command may have taken the name meanwhile.
    if (this.#entries.has(name)) {
      await opened.close()
      fail(HOST_KINDS.nodeExists, { name })
    }
    this.#entries.set(name, { name, definition, ...opened, users: 0 })
  }

  #refuseName(name: string): void {
    if (name === '') fail(HOST_KINDS.nodeUnnamed, {})
    const isTooLong = isIdentifier(name) && name.length > NAME_LIMIT
    if (isTooLong || !isIdentifier(name)) fail(HOST_KINDS.nodeInvalid, { name, isTooLong })
    if (this.#entries.has(name)) fail(HOST_KINDS.nodeExists, { name })
  }

  /** Those that neither another one nor an export uses; the newest first. */
  get unused(): readonly BlockNode[] {
    return this.list.filter(({ name }) => this.#entries.get(name)?.users === 0)
  }

  /** @throws DiagnosticError MONITOR_NODE_ABSENT, MONITOR_NODE_IN_USE */
  async remove(name: string): Promise<void> {
    const entry = this.#entries.get(name)
    if (!entry) return fail(HOST_KINDS.nodeAbsent, { name, known: [...this.#entries.keys()] })
    if (entry.users > 0) fail(HOST_KINDS.nodeInUse, { name })
    this.#entries.delete(name)
    await entry.close()
  }

  /**
   * Uses a node until it is released.
   *
   * @param device What else the name might have been; errors tell it, as in QEMU.
   * @throws DiagnosticError MONITOR_NODE_NOT_FOUND
   */
  use(name: string, device = ''): NodeUse {
    const entry = this.#entries.get(name)
    if (!entry)
      return fail(HOST_KINDS.nodeNotFound, { name, device, known: [...this.#entries.keys()] })
    entry.users++
    const release = (): void => {
      entry.users--
    }
    return { node: entry, release }
  }

  /** Closes all of them; nothing uses them any more. */
  async close(): Promise<void> {
    const entries = [...this.#entries.values()].reverse()
    this.#entries.clear()
    for (const { close } of entries) await close()
  }
}

/** How much of a disk the file of a node takes, in bytes; undefined where it has no file. */
export async function allocatedSize(node: BlockNode): Promise<number | undefined> {
  const { filename, definition } = node
  if (definition.driver === 'null-co') return 0
  try {
    return (await stat(filename)).blocks * 512
  } catch {
    return undefined
  }
}
