/** Finds and reads the file that GnuTLS looks keywords up in, or the one that stands in for it. */

import { isUtf8 } from 'node:buffer'
import { join } from 'node:path'
import { type Diagnostic, DiagnosticError, moderate } from '../diagnostics/diagnostic.ts'
import { FILE_KINDS } from '../files/file-diagnostics.ts'
import { readBytes } from '../files/text-file.ts'
import { absentConfig, parseSystemConfig, type SystemConfig } from '../priority/system-config.ts'
import { backendsFolder, baseDirectory } from './directories.ts'

export type PriorityConfigOptions = {
  /** `--config` */
  readonly config?: string | undefined
  readonly baseDir?: string | undefined
}

export type LoadedPriorityConfig = {
  readonly config: SystemConfig
  /** Why a file that GnuTLS would silently do without could not be read. */
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Reads the file of `--config`, else that of GNUTLS_SYSTEM_PRIORITY_FILE, else
 * `base_dir/back-ends/gnutls.config`. GnuTLS goes on without a file that it cannot read, so only
 * the first must be there.
 *
 * @throws DiagnosticError where the file of `--config` cannot be read.
 */
export function readPriorityConfig(
  options: PriorityConfigOptions,
  environment: NodeJS.ProcessEnv = process.env,
): LoadedPriorityConfig {
  if (options.config !== undefined) return { config: readConfig(options.config), diagnostics: [] }
  const path = environment.GNUTLS_SYSTEM_PRIORITY_FILE ?? defaultFile(options, environment)
  try {
    return { config: readConfig(path), diagnostics: [] }
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    const told = error.diagnostics.filter(({ code }) => code !== FILE_KINDS.missing.code)
    return { config: absentConfig(path), diagnostics: told.map(moderate) }
  }
}

function defaultFile(options: PriorityConfigOptions, environment: NodeJS.ProcessEnv): string {
  const base = baseDirectory(options, environment)
  return join(backendsFolder({ base }), 'gnutls.config')
}

/** GnuTLS reads bytes, so a text in another encoding is no error. */
function readConfig(path: string): SystemConfig {
  const bytes = readBytes(path)
  const text = bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1')
  return parseSystemConfig({ name: path, text })
}
