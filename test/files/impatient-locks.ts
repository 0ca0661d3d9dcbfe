/** Locks as they are, given up at once: a program waits half a minute for another that holds one. */
import { DatabaseSync } from 'node:sqlite'
import { onTestFinished } from 'vitest'

/**
 * Until the test ends.
 *
 * @returns how long the locks would have been waited for, in milliseconds.
 */
export function giveLocksUpAtOnce(): number[] {
  const { exec } = DatabaseSync.prototype
  const waits: number[] = []
  onTestFinished(() => {
    DatabaseSync.prototype.exec = exec
  })
  DatabaseSync.prototype.exec = function (this: DatabaseSync, statements: string): void {
    waits.push(Number(this.prepare('PRAGMA busy_timeout').get()?.timeout))
    exec.call(this, 'PRAGMA busy_timeout = 0')
    exec.call(this, statements)
  }
  return waits
}

/** What a program waits for a lock that another holds, in milliseconds: it looks, then it is patient. */
export const WHOLE_WAIT: readonly number[] = [0, 30_000]
