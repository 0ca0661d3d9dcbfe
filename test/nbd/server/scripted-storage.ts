/** Storage whose every operation a test may delay or fail, and which notes what was done. */
import { MemoryStorage } from '../../../src/nbd/storage/memory-storage.ts'
import { storageError, type ZeroOptions } from '../../../src/nbd/storage/storage.ts'

export type Operation = 'read' | 'write' | 'flush' | 'trim' | 'zero' | 'extents'

export class ScriptedStorage extends MemoryStorage {
  /** Otherwise reads would not even ask it for data. */
  override readonly isSparse = false
  /** Awaited before each operation. */
  before: (operation: Operation, offset: number) => Promise<void> | void = () => {}
  /** What was done, in order, when it was done. */
  readonly done: Operation[] = []

  /** Makes one kind of operation fail. */
  failAt(operation: Operation, code: string): void {
    this.before = (found) => {
      if (found === operation) throw storageError(code, `${operation} fails`)
    }
  }

  override readNow(): boolean {
    return false
  }

  override async read(target: Buffer, at: number, length: number, offset: number): Promise<void> {
    await this.#run('read', offset)
    super.readNow(target, at, length, offset)
  }

  override async write(parts: readonly Buffer[], offset: number): Promise<void> {
    await this.before('write', offset)
    await super.write(parts, offset)
    this.done.push('write')
  }

  override async flush(): Promise<void> {
    await this.#run('flush', 0)
  }

  override async trim(offset: number, length: number): Promise<void> {
    await this.#run('trim', offset)
    await super.trim(offset, length)
  }

  override async zero(offset: number, length: number, options: ZeroOptions): Promise<void> {
    await this.#run('zero', offset)
    await super.zero(offset, length, options)
  }

  override async extents(offset: number, length: number, limit: number) {
    await this.#run('extents', offset)
    return super.extents(offset, length, limit)
  }

  async #run(operation: Operation, offset: number): Promise<void> {
    await this.before(operation, offset)
    this.done.push(operation)
  }
}

/** A gate that operations wait at. */
export function makeGate(): { readonly open: () => void; readonly passed: Promise<void> } {
  let open = () => {}
  const passed = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open, passed }
}
