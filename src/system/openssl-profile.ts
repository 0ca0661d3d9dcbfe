/** The cipher list that `PROFILE=SYSTEM` stands for on this host. */
import { join } from 'node:path'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import type { Source } from '../diagnostics/source.ts'
import { readTextFile, readTextFileIfPresent } from '../files/text-file.ts'
import type { OpensslSettings } from '../priority/convert/openssl-settings.ts'
import { readOpensslSettings } from '../priority/convert/openssl-settings.ts'
import { backendsFolder, baseDirectory, type DirectoryOptions } from './directories.ts'

const PROFILE = 'PROFILE=SYSTEM'

export type ResolvedList = {
  readonly list: Source
  /** What else the policy says to OpenSSL. */
  readonly settings: OpensslSettings
}

/**
 * Puts the policy in force in the place of `PROFILE=SYSTEM`, which counts at the beginning of a
 * list; what follows it goes on from there. Other lists stay as they are.
 *
 * @throws DiagnosticError where no policy is in force.
 */
export function resolveOpensslProfile(list: Source, options: DirectoryOptions): ResolvedList {
  if (!list.text.startsWith(PROFILE)) return { list, settings: {} }
  const { cipherString, ...settings } = readPolicy(options)
  const rest = list.text.slice(PROFILE.length).replace(/^:/, '')
  const text = rest === '' ? cipherString : `${cipherString}:${rest}`
  return { list: { name: list.name, text }, settings }
}

/** Older policies have a file of its own for the list, and nothing else in it. */
function readPolicy(options: DirectoryOptions): OpensslSettings & { cipherString: string } {
  const folder = backendsFolder({ base: baseDirectory(options) })
  const older = join(folder, 'openssl.config')
  try {
    const { text } = readTextFile(join(folder, 'opensslcnf.config'))
    const { cipherString = '', ...settings } = readOpensslSettings(text)
    return { cipherString, ...settings }
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    const source = readTextFileIfPresent(older)
    if (!source) throw error
    return { cipherString: source.text.split('\n', 1)[0] ?? '' }
  }
}
