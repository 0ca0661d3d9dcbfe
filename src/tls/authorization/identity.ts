/** What of a certificate a rule may look at, as the texts that rules are compared with. */
import { printShortIpAddress } from '../../wire/ip-address.ts'
import type { AlternativeName } from '../../x509/alternative-name.ts'
import type { Certificate } from '../../x509/certificate.ts'

/**
 * A rule says which of these it looks at, so that no name can pass for another: a distinguished
 * name, an alternative name, the SHA-256 of the public key.
 */
export const IDENTITY_KINDS = ['dn', 'san', 'spki'] as const

export type IdentityKind = (typeof IDENTITY_KINDS)[number]

/**
 * Alternative names carry their type, so that an e-mail address `host.example` could never satisfy
 * a rule about a DNS name.
 */
export const NAME_TYPES = {
  dns: 'DNS',
  ip: 'IP',
  uri: 'URI',
  email: 'email',
} as const satisfies Partial<Record<AlternativeName['kind'], string>>

/** The texts of a kind: one for `dn` and `spki`, any number for `san`. */
export function identitiesOf(certificate: Certificate, kind: IdentityKind): readonly string[] {
  if (kind === 'dn') return [certificate.subject]
  if (kind === 'spki') return [certificate.publicKeyHash]
  return certificate.alternativeNames.flatMap(printName)
}

/** Names of other types cannot be matched: there is no agreed way to write them. */
function printName({ kind, value, bytes }: AlternativeName): readonly string[] {
  if (!(kind in NAME_TYPES)) return []
  const type = NAME_TYPES[kind as keyof typeof NAME_TYPES]
  // One address has many ways to be written; rules and certificates are compared in the shortest.
  const ip = printShortIpAddress(bytes)
  const written = { dns: value.toLowerCase(), ip, uri: value, email: value }
  return [`${type}:${written[kind as keyof typeof NAME_TYPES]}`]
}
