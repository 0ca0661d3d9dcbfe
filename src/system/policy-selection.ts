/** Which policy is chosen: `POLICY:MODULE...` on the command line or in a configuration file. */

import { join } from 'node:path'
import { fail } from '../diagnostics/diagnostic.ts'
import { FILE_KINDS } from '../files/file-diagnostics.ts'
import { readTextFileIfPresent } from '../files/text-file.ts'
import { configFile, type Directories } from './directories.ts'
import { isFipsEnabled } from './fips-mode.ts'
import { type SelectionOrigin, SYSTEM_KINDS } from './system-diagnostics.ts'

export type PolicySelection = {
  readonly policy: string
  readonly modules: readonly string[]
}

/** `POLICY:MODULE1:MODULE2`. */
export function formatSelection(selection: PolicySelection): string {
  return [selection.policy, ...selection.modules].join(':')
}

/**
 * Reads `POLICY:MODULE...`. A name in lower case is made upper case; `:MODULE` keeps the policy
 * of `current` and replaces its modules.
 */
export function parseSelection(text: string, current?: PolicySelection): PolicySelection {
  const [first = '', ...rest] = text.toUpperCase().split(':')
  return { policy: first || (current?.policy ?? ''), modules: rest.filter((name) => name !== '') }
}

/** Reads a configuration file: the policy on the first line that counts, modules on the others. */
export function parseConfig(text: string): PolicySelection {
  const lines = text
    .split(/\r?\n|\r/)
    .map((line) => (line.split('#', 1)[0] ?? '').trim())
    .filter((line) => line !== '')
  const [first = '', ...rest] = lines
  const selection = parseSelection(first)
  const more = rest.flatMap((line) => line.toUpperCase().split(':')).filter((name) => name !== '')
  return { policy: selection.policy, modules: [...selection.modules, ...more] }
}

/** The configured policy: of `config`, else FIPS in FIPS mode, else of `default-config`. */
export function readConfiguredSelection(directories: Directories): PolicySelection {
  const path = configFile(directories)
  const config = readTextFileIfPresent(path)
  if (config) return parseConfig(config.text)
  if (isFipsEnabled()) return { policy: 'FIPS', modules: [] }
  const fallback = join(directories.profile, 'default-config')
  const shipped = readTextFileIfPresent(fallback)
  if (shipped) return parseConfig(shipped.text)
  const hint = `no policy is configured in ${path}: name one with --set, or the shipped policies with --profile-dir`
  return fail(FILE_KINDS.missing, { path: fallback, hint })
}

/** Refuses names that are empty or could leave the policy folders. */
export function checkSelection(
  selection: PolicySelection,
  namedBy: SelectionOrigin,
): PolicySelection {
  if (selection.policy === '') fail(SYSTEM_KINDS.noPolicyNamed, namedBy)
  const bad = [selection.policy, ...selection.modules].find((name) => !isPolicyName(name))
  if (bad !== undefined) fail(SYSTEM_KINDS.badPolicyName, { name: bad })
  return selection
}

function isPolicyName(name: string): boolean {
  return /^[\p{L}\p{N}_-][\p{L}\p{N}_.+-]*$/u.test(name) && name.length <= 200
}
