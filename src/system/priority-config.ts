/** Finds and reads the file that GnuTLS looks keywords up in, or the one that stands in for it. */

import { isUtf8 } from 'node:buffer'
import { existsSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { type Diagnostic, DiagnosticError, diagnose, moderate } from '../diagnostics/diagnostic.ts'
import { FILE_KINDS } from '../files/file-diagnostics.ts'
import { readBytes, readNamedBytes } from '../files/text-file.ts'
import { absentConfig, parseSystemConfig, type SystemConfig } from '../priority/system-config.ts'
import { backendsFolder, baseDirectory } from './directories.ts'
import { builtInConfigFile, findInstalledGnutls } from './installed-gnutls.ts'
import { isNullDevice } from './null-device.ts'
import { SYSTEM_KINDS } from './system-diagnostics.ts'

export type PriorityConfigOptions = {
  /** `--config` */
  readonly config?: string | undefined
  /** Whether `config` was read before: a pipe gives what it has only once. */
  readonly isReadAgain?: boolean
  readonly baseDir?: string | undefined
}

export type LoadedPriorityConfig = {
  readonly config: SystemConfig
  /** Why a file that GnuTLS would silently do without could not be read. */
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Reads the file of `--config`, else that of GNUTLS_SYSTEM_PRIORITY_FILE, else the default: see
 * `defaultFile`. GnuTLS goes on without a file that it cannot read, so only the first must be there.
 *
 * @throws DiagnosticError where the file of `--config` cannot be read.
 */
export function readPriorityConfig(
  options: PriorityConfigOptions,
  environment: NodeJS.ProcessEnv = process.env,
): LoadedPriorityConfig {
  if (options.config !== undefined) {
    const read = options.isReadAgain ? readBytes : readNamedBytes
    return { config: readConfig(options.config, read), diagnostics: [] }
  }
  const named = environment.GNUTLS_SYSTEM_PRIORITY_FILE
  const { path, diagnostics } =
    named === undefined ? defaultFile(options, environment) : { path: named, diagnostics: [] }
  try {
    return { config: readConfig(path), diagnostics }
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    const told = error.diagnostics.filter(({ code }) => code !== FILE_KINDS.missing.code)
    return { config: absentConfig(path), diagnostics: [...diagnostics, ...told.map(moderate)] }
  }
}

/** What Debian builds GnuTLS to read. */
const GNUTLS_OWN_FILE = '/etc/gnutls/config'

/**
 * `base_dir/back-ends/gnutls.config`; but where no base_dir is named, the file that the GnuTLS of this
 * host reads by itself, if it is there. The library is looked into only where it may read another file.
 */
function defaultFile(
  options: PriorityConfigOptions,
  environment: NodeJS.ProcessEnv,
): { readonly path: string; readonly diagnostics: readonly Diagnostic[] } {
  const base = baseDirectory(options, environment)
  const ours = join(backendsFolder({ base }), 'gnutls.config')
  const isNamed = options.baseDir !== undefined || Boolean(environment.base_dir)
  if (isNamed || !existsSync(GNUTLS_OWN_FILE)) return { path: ours, diagnostics: [] }
  const installed = findInstalledGnutls()
  if (!installed || builtInConfigFile(installed) !== GNUTLS_OWN_FILE) {
    return { path: ours, diagnostics: [] }
  }
  const isOther = existsSync(ours) && realpathSync(ours) !== realpathSync(GNUTLS_OWN_FILE)
  const told = isOther
    ? [diagnose(SYSTEM_KINDS.otherConfiguration, { read: GNUTLS_OWN_FILE, ours })]
    : []
  return { path: GNUTLS_OWN_FILE, diagnostics: told }
}

/** A thousand applications have a megabyte of strings; GnuTLS takes a file of any size. */
const CONFIG_LIMIT = 16_777_216

/** GnuTLS reads bytes, so a text in another encoding is no error. */
function readConfig(path: string, read: typeof readBytes = readBytes): SystemConfig {
  // The manual of GnuTLS names this device as the way to have no configuration.
  if (isNullDevice(path)) return parseSystemConfig({ name: path, text: '' })
  const bytes = read(path, CONFIG_LIMIT)
  const text = bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1')
  return parseSystemConfig({ name: path, text })
}
