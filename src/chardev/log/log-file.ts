/** A copy of what is written to a chardev, with a limit to its size. */
import { closeSync, constants, fstatSync, openSync, renameSync, writeSync } from 'node:fs'
import { type Diagnostic, diagnose, fail } from '../../diagnostics/diagnostic.ts'
import { CHARDEV_KINDS } from '../chardev-diagnostics.ts'
import type { ChardevLog } from '../definition/chardev-definition.ts'

/** What a guest writes is of concern to its owner alone. */
const OWNER_ONLY = 0o600

export class LogFile {
  readonly #log: ChardevLog
  readonly #tell: (diagnostic: Diagnostic) => void
  /** Undefined where it is closed, or lost. */
  #descriptor: number | undefined
  /** 0 for none: what is no file, such as a device, does not grow, and is never renamed. */
  #limit = 0
  #size: number

  /**
   * @param tell Told once where the log is lost.
   * @throws DiagnosticError CHARDEV_CANNOT_OPEN
   */
  constructor(log: ChardevLog, tell: (diagnostic: Diagnostic) => void) {
    this.#log = log
    this.#tell = tell
    try {
      const descriptor = openSync(log.path, flagsOf(log), OWNER_ONLY)
      this.#descriptor = descriptor
      const stats = fstatSync(descriptor)
      this.#size = stats.size
      this.#limit = stats.isFile() ? log.size : 0
    } catch (error) {
      fail(CHARDEV_KINDS.cannotOpen, { path: log.path, error, isNew: true })
    }
  }

  /** Never throws: the chardev goes on where its log cannot be written. */
  write(bytes: Buffer): void {
    if (this.#descriptor === undefined) return
    try {
      const limit = this.#limit
      const isFull = limit > 0 && this.#size > 0 && this.#size + bytes.length > limit
      const descriptor = isFull ? this.#begin(this.#descriptor) : this.#descriptor
      for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at)
      this.#size += bytes.length
    } catch (error) {
      this.close()
      this.#tell(diagnose(CHARDEV_KINDS.logLost, { path: this.#log.path, error }))
    }
  }

  close(): void {
    const descriptor = this.#descriptor
    this.#descriptor = undefined
    if (descriptor !== undefined) closeSync(descriptor)
  }

  /** The file that is full becomes PATH.1; the one before it is gone. */
  #begin(full: number): number {
    const { path } = this.#log
    renameSync(path, `${path}.1`)
    this.#descriptor = undefined
    closeSync(full)
    const descriptor = openSync(path, 'wx', OWNER_ONLY)
    this.#descriptor = descriptor
    this.#size = 0
    return descriptor
  }
}

/** A pipe that nothing reads is refused, and one that is full loses the log: the process waits for neither. */
function flagsOf({ isAppended }: ChardevLog): number {
  const { O_WRONLY, O_CREAT, O_APPEND, O_TRUNC, O_NONBLOCK } = constants
  return O_WRONLY | O_CREAT | O_NONBLOCK | (isAppended ? O_APPEND : O_TRUNC)
}
