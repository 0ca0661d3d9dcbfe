/** A file that holds the number of a process while it runs. */
import { rmSync } from 'node:fs'
import { fail } from '../diagnostics/diagnostic.ts'
import { replaceFile } from '../files/atomic-file.ts'
import { FILE_KINDS } from '../files/file-diagnostics.ts'
import { readBytes } from '../files/text-file.ts'

/** @throws DiagnosticError FILE_UNWRITABLE */
export function writePidFile(path: string): void {
  try {
    replaceFile(path, `${process.pid}\n`)
  } catch (error) {
    fail(FILE_KINDS.unwritable, { path, error })
  }
}

/** Removes it, unless another process has put its own number there. */
export function removePidFile(path: string): void {
  try {
    if (Number(readBytes(path).toString('latin1')) === process.pid) rmSync(path)
  } catch {
    // The file is gone already.
  }
}
