/**
 * One run at a time: a lock that the kernel gives back when its holder dies, however it dies.
 *
 * Node has no flock(2); SQLite locks its database file with fcntl(2), so an empty database serves
 * as the lock. Nothing is ever written to it.
 */
import { closeSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { type Diagnostic, diagnose, fail } from '../diagnostics/diagnostic.ts'
import { SYSTEM_KINDS } from './system-diagnostics.ts'

/** How long a run waits for another, in seconds. */
const PATIENCE = 30

const SQLITE_BUSY = 5

/**
 * Runs `work` while no other run of any process does.
 *
 * @param report Called once where it has to wait.
 * @throws DiagnosticError RUN_LOCKED where the other run does not end in time.
 */
export function withRunLock<Result>(
  path: string,
  report: (diagnostic: Diagnostic) => void,
  work: () => Result,
): Result {
  // Only root may open the file, else anybody could hold a lock on it and stop every run.
  closeSync(openSync(path, 'a', 0o600))
  const database = acquire(path, 0) ?? acquireWaiting(path, report)
  try {
    return work()
  } finally {
    database.close()
  }
}

function acquireWaiting(path: string, report: (diagnostic: Diagnostic) => void): DatabaseSync {
  report(diagnose(SYSTEM_KINDS.waiting, { seconds: PATIENCE }))
  const database = acquire(path, PATIENCE)
  return database ?? fail(SYSTEM_KINDS.locked, { path, seconds: PATIENCE })
}

function acquire(path: string, seconds: number): DatabaseSync | undefined {
  const database = new DatabaseSync(path, { timeout: seconds * 1000 })
  try {
    // In memory, so that a full disk does not keep anybody from the lock.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    return database
  } catch (error) {
    database.close()
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined
    throw error
  }
}
