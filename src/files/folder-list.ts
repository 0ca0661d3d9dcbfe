/** What is in a folder, where a folder that is missing is an empty one. */
import { readdirSync } from 'node:fs'
import { fail } from '../diagnostics/diagnostic.ts'
import { FILE_KINDS } from './file-diagnostics.ts'

/**
 * The names in a folder; none where there is no such folder.
 *
 * @throws DiagnosticError FILE_UNREADABLE.
 */
export function listFolderIfPresent(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    return fail(FILE_KINDS.unreadable, { path: folder, error })
  }
}
