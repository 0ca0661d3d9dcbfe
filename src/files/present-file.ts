/** What is at a path already. */
import { type Stats, statSync } from 'node:fs'
import { type DiagnosticKind, fail } from '../diagnostics/diagnostic.ts'
import { FILE_KINDS } from './file-diagnostics.ts'

/**
 * Undefined where nothing is there.
 *
 * @param refusal What is told where it cannot be looked at: another thing of what is to be written.
 * @throws DiagnosticError
 */
export function statPresent(
  path: string,
  refusal: DiagnosticKind<{ path: string; error: unknown }> = FILE_KINDS.unreadable,
): Stats | undefined {
  try {
    return statSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    fail(refusal, { path, error })
  }
}
