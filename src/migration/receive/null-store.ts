/** Keeps nothing: a migration that is checked and measured, and goes to /dev/null. */
import { type FileHandle, open } from 'node:fs/promises'
import { writing } from './file-store.ts'
import type { MigrationStore } from './migration-store.ts'
import { PieceWriter } from './piece-writer.ts'

const NULL_DEVICE = '/dev/null'

export class NullStore implements MigrationStore {
  readonly path = NULL_DEVICE
  readonly #handles: FileHandle[] = []

  async open(): Promise<PieceWriter> {
    const handle = await writing(this.path, () => open(NULL_DEVICE, 'w'))
    this.#handles.push(handle)
    return new PieceWriter(this.path, handle, false)
  }

  fileOf(): undefined {
    return undefined
  }

  publish(): Promise<void> {
    return this.discard()
  }

  async discard(): Promise<void> {
    await Promise.all(this.#handles.splice(0).map((handle) => handle.close().catch(() => {})))
  }
}
