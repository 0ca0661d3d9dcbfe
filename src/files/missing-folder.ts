/** What to name where a file cannot be made. */
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'

/** The folder of the file where that is not there, else the file: "it does not exist" is true of what is named. */
export function nameUnwritable(path: string, error: unknown): string {
  const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
  const folder = dirname(path)
  return isMissing && !existsSync(folder) ? folder : path
}
