/** The settings of an endpoint: its priority string with what its kind of credentials adds. */
import type { Source } from '../../diagnostics/source.ts'
import type { Evaluation } from '../../priority/evaluate.ts'
import { requirePriority } from '../../priority/failure-diagnostics.ts'
import { isResolved, resolvePriority } from '../../priority/resolve.ts'
import type { CredentialKind, TlsRole } from '../negotiable.ts'
import { type TlsSettings, tlsOptionsFor } from '../tls-options.ts'
import type { Surroundings } from './object-type.ts'
import type { PropertyReader } from './property-reader.ts'

/** What an endpoint uses that has no priority of its own, where the configuration knows it. */
export const DEFAULT_PRIORITY = '@QEMU,SYSTEM'

/** What QEMU appends for each kind. */
const SUFFIXES: { readonly [K in CredentialKind]: string } = {
  x509: '',
  psk: ':+ECDHE-PSK:+DHE-PSK:+PSK',
  anon: ':+ANON-DH',
}

/**
 * Evaluates the priority of an object, with the suffix of its kind.
 *
 * @throws DiagnosticError where the string does not parse, names only keywords that are not there,
 *   or leaves nothing that could be negotiated. QEMU would tell with the first connection.
 */
export function readSettings(
  reader: PropertyReader,
  kind: CredentialKind,
  role: TlsRole,
  { config, release }: Surroundings,
): TlsSettings {
  const given = reader.text('priority')
  const options = { config, release }
  const name = `priority of ${reader.what}`
  const text = given ?? defaultPriority(options)
  const source: Source = { name, text: `${text}${SUFFIXES[kind]}` }
  const evaluation: Evaluation = requirePriority(source, options)
  return tlsOptionsFor(evaluation, { role, credentials: kind })
}

function defaultPriority({ config, release }: Pick<Surroundings, 'config' | 'release'>): string {
  const asked = { name: '<default>', text: DEFAULT_PRIORITY }
  if (isResolved(resolvePriority(asked, config, release))) return DEFAULT_PRIORITY
  const library = resolvePriority(undefined, config, release)
  return isResolved(library) ? library.text : 'NORMAL'
}
