/** What is at a path already. */
import { type Stats, statSync } from 'node:fs'
import { fail } from '../diagnostics/diagnostic.ts'
import { FILE_KINDS } from './file-diagnostics.ts'

/** Undefined where nothing is there. @throws DiagnosticError FILE_UNREADABLE. */
export function statPresent(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    fail(FILE_KINDS.unreadable, { path, error })
  }
}
