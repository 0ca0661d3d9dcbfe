/** One change of a file of pre-shared keys at a time, by a lock that ends with its holder. */
import { closeSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { fail } from '../diagnostics/diagnostic.ts'
import { FILE_KINDS } from '../files/file-diagnostics.ts'
import { PKI_KINDS } from './pki-diagnostics.ts'

/** How long a change waits for others, in milliseconds. */
const PATIENCE = 30_000

/**
 * Runs `work` while no other run does. Node has no flock(2); SQLite locks an empty database.
 *
 * @throws DiagnosticError PKI_PSK_BUSY, FILE_UNWRITABLE.
 */
export function withPskLock<Result>(path: string, work: () => Result): Result {
  const database = acquire(path)
  try {
    return work()
  } finally {
    database.close()
  }
}

function acquire(path: string): DatabaseSync {
  const lock = `${path}.lock`
  try {
    // For nobody else, or anybody could hold the lock.
    closeSync(openSync(lock, 'a', 0o600))
  } catch (error) {
    fail(FILE_KINDS.unwritable, { path: lock, error })
  }
  const database = new DatabaseSync(lock, { timeout: PATIENCE })
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    return database
  } catch {
    database.close()
    return fail(PKI_KINDS.pskBusy, { path })
  }
}
