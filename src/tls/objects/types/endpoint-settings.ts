/** The settings of an endpoint: its priority string with what its kind of credentials adds. */

import type { TlsRole } from '../../../algorithms/tls-role.ts'
import type { Source } from '../../../diagnostics/source.ts'
import type { PropertyReader } from '../../../options/property-reader.ts'
import { endpointDefault } from '../../../priority/endpoint-default.ts'
import { requirePriority } from '../../../priority/failure/failure-diagnostics.ts'
import { resolvePriority } from '../../../priority/resolve.ts'
import type { CredentialKind } from '../../credential-kind.ts'
import { type TlsSettings, tlsOptionsFor } from '../../tls-options.ts'
import type { Surroundings } from './object-type.ts'

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
export function readEndpointSettings(
  reader: PropertyReader,
  kind: CredentialKind,
  role: TlsRole,
  { config, release, keyword }: Surroundings,
): TlsSettings {
  const options = { config, release, keyword }
  const text = reader.text('priority') ?? defaultText(options)
  const source: Source = { name: `priority of ${reader.what}`, text: `${text}${SUFFIXES[kind]}` }
  return tlsOptionsFor(requirePriority(source, options), { role, credentials: kind })
}

/** As a text, since what the kind adds is written behind it. */
function defaultText(options: Pick<Surroundings, 'config' | 'release' | 'keyword'>): string {
  const { given } = resolvePriority(undefined, options.config, options.release)
  return (endpointDefault(options) ?? given).text
}
