/** The checks of a preflight that need no other host: the files of this one. */
import { printCount } from '../diagnostics/count.ts'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { type Check, checked } from '../migration/preflight/check.ts'
import type { ObjectDefinition } from '../options/object-definition.ts'
import { checkCredentials } from '../pki/credential-check.ts'
import type { Strength } from '../pki/key-strength.ts'
import { type ObjectOptions, readDefinitions } from './object-options.ts'
import { loadStrength } from './pki-options.ts'
import type { Terminal } from './terminal.ts'

/**
 * Checks the folder of each of the credentials that are defined.
 *
 * @param hostnames What clients will compare with the certificate of a server.
 */
export async function checkOwnFiles(
  options: ObjectOptions,
  hostnames: readonly string[],
  terminal: Terminal,
): Promise<readonly Check[]> {
  const checks: Check[] = []
  for (const definition of await readDefinitions(options)) {
    const { dir, priority, endpoint } = definition.properties
    if (typeof dir !== 'string' || !definition.type.startsWith('tls-creds-')) continue
    const asked = typeof priority === 'string' ? { ...options, priority } : options
    const names = endpoint === 'server' ? hostnames : []
    checks.push(...checkFolder(dir, await loadStrength(asked, terminal), names, definition))
  }
  return checks
}

function checkFolder(
  root: string,
  strength: Strength,
  hostnames: readonly string[],
  { id }: ObjectDefinition,
): readonly Check[] {
  const name = `files of ${id}`
  const ask = (hostname?: string) =>
    checkCredentials({ root, strength, ...(hostname === undefined ? {} : { hostname }) })
  try {
    const { certificates, diagnostics } = ask()
    const ends = certificates.map(
      ({ certificate, daysLeft }) => `${certificate.subject}: ${printCount(daysLeft, 'day')}`,
    )
    return [
      checked(name, ends.join('; '), diagnostics),
      ...hostnames.map((hostname) => {
        const known = new Set(diagnostics.map(({ message }) => message))
        const more = ask(hostname).diagnostics.filter(({ message }) => !known.has(message))
        return checked(
          `own certificate for ${hostname}`,
          more.length > 0 ? '' : 'it bears it',
          more,
        )
      }),
    ]
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    return [checked(name, '', error.diagnostics)]
  }
}
