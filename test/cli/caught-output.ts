/**
 * What a run within the process of the test writes to standard output and standard error, caught where it goes
 * to the system. Several runs may go on: each has what was written by what it called and by what it waited for,
 * the last of them what is written where the way there is lost, as it is in calls of the C library.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { onTestFinished } from 'vitest'

export class CaughtOutput {
  readonly #parts: ReadonlyMap<number, Buffer[]> = new Map([
    [1, []],
    [2, []],
  ])

  readonly #full: readonly number[]

  /** @param full What takes nothing, as a file on a full disk. */
  constructor(full: readonly (1 | 2)[] = []) {
    this.#full = full
  }

  text(descriptor: 1 | 2): string {
    return Buffer.concat(this.#parts.get(descriptor) ?? []).toString('utf8')
  }

  /** Does some work of the run. */
  during<Result>(work: () => Result): Result {
    return RUN.run(this, work)
  }

  /** Does the whole run. */
  async catching<Result>(work: () => Promise<Result>): Promise<Result> {
    RUNNING.add(this)
    replaceWriteSync(writeCaught)
    try {
      return await this.during(work)
    } finally {
      RUNNING.delete(this)
      if (RUNNING.size === 0) replaceWriteSync(writeSync)
    }
  }

  /** @returns undefined where the descriptor is another one. */
  write(descriptor: number, data: string | Uint8Array, offset = 0): number | undefined {
    if (this.#full.includes(descriptor)) throw Object.assign(new Error('full'), { code: 'ENOSPC' })
    const bytes = Buffer.from(data as Uint8Array).subarray(offset)
    return this.#parts.get(descriptor)?.push(bytes) && bytes.length
  }
}

/** Standard output and standard error are taken for a terminal of 80 columns until the test has ended. */
export function pretendTerminal(): void {
  for (const stream of [process.stdout, process.stderr]) {
    const { isTTY, columns } = stream
    Object.assign(stream, { isTTY: true, columns: 80 })
    onTestFinished(() => void Object.assign(stream, { isTTY, columns }))
  }
}

const RUN = new AsyncLocalStorage<CaughtOutput>()

const RUNNING = new Set<CaughtOutput>()

const { writeSync } = fs

const writeCaught = ((descriptor: number, ...rest: [string | Uint8Array, number?]) =>
  (RUN.getStore() ?? [...RUNNING].at(-1))?.write(descriptor, ...rest) ??
  writeSync(descriptor, ...(rest as [Uint8Array]))) as typeof fs.writeSync

function replaceWriteSync(write: typeof fs.writeSync): void {
  fs.writeSync = write
  syncBuiltinESMExports()
}
