/** A rule of an authorization: which identity it looks at, what it matches, what it decides. */
import { fail } from '../../diagnostics/diagnostic.ts'
import type { Span } from '../../diagnostics/source.ts'
import type { PropertyReader } from '../../options/property-reader.ts'
import { parseIpAddress, printShortIpAddress } from '../../wire/ip-address.ts'
import type { Certificate } from '../../x509/certificate.ts'
import { OBJECT_KINDS } from '../object-diagnostics.ts'
import { matchesGlob } from './glob.ts'
import { IDENTITY_KINDS, type IdentityKind, identitiesOf, NAME_TYPES } from './identity.ts'

export const POLICIES = ['allow', 'deny'] as const
const FORMATS = ['exact', 'glob'] as const

export type AuthorizationPolicy = (typeof POLICIES)[number]

export type AuthorizationRule = {
  readonly of: IdentityKind
  readonly match: string
  readonly format: (typeof FORMATS)[number]
  readonly policy: AuthorizationPolicy
  /** Where the match is written. */
  readonly span?: Span
}

export const RULE_PROPERTIES = ['match', 'policy', 'format', 'of'] as const

/**
 * Reads a rule.
 *
 * @throws DiagnosticError OBJECT_... where a property is wrong, or where no certificate could ever
 *   satisfy the rule.
 */
export function readRule(reader: PropertyReader): AuthorizationRule {
  const of = reader.choice('of', IDENTITY_KINDS, 'dn')
  const format = reader.choice('format', FORMATS, 'exact')
  const policy = reader.choice('policy', POLICIES)
  return makeRule(
    { of, format, policy, match: reader.requiredText('match') },
    reader.spanOf('match'),
  )
}

/** Checks the match of a rule and writes it as identities are written. */
export function makeRule(rule: Omit<AuthorizationRule, 'span'>, span?: Span): AuthorizationRule {
  const match = NORMALIZE[rule.of](rule, span)
  return { ...rule, match, ...(span ? { span } : {}) }
}

type Normalize = (rule: Omit<AuthorizationRule, 'span'>, span?: Span) => string

/** A hash as curl, HPKP and SSH write it; it may itself begin with a slash. */
const PUBLIC_KEY_HASH = /^(?:(?:pin-)?sha256(?:[:=]|\/{1,2}))?([A-Za-z0-9+/]{43}=)$/i

const NORMALIZE: { readonly [Kind in IdentityKind]: Normalize } = {
  dn: ({ match }) => match,
  san: normalizeName,
  spki: ({ match, format }, span) => {
    const [, hash] = PUBLIC_KEY_HASH.exec(match) ?? []
    if (format === 'exact' && hash !== undefined) return hash
    const reason = 'a rule of spki needs the whole SHA-256 of a public key in base64'
    const hint = 'cryptopolicy authz test CERT prints it'
    return fail(OBJECT_KINDS.invalidRule, { reason, hint }, span)
  },
}

function normalizeName({ match, format }: Omit<AuthorizationRule, 'span'>, span?: Span): string {
  const type = Object.values(NAME_TYPES).find((name) => match.startsWith(`${name}:`))
  if (!type) {
    const types = Object.values(NAME_TYPES).map((name) => `${name}:`)
    const reason = `a rule of san needs the type of the name: ${types.join(', ')}`
    return fail(OBJECT_KINDS.invalidRule, { reason, hint: 'for instance DNS:host.example' }, span)
  }
  if (type === 'DNS') return `DNS:${match.slice(4).toLowerCase()}`
  if (type !== 'IP' || format === 'glob') return match
  return `IP:${normalizeAddress(match.slice(3), span)}`
}

function normalizeAddress(address: string, span?: Span): string {
  const bytes = parseIpAddress(address)
  if (bytes) return printShortIpAddress(bytes)
  return fail(OBJECT_KINDS.invalidRule, { reason: `\`${address}\` is no IP address` }, span)
}

/** Whether a certificate satisfies a rule; of its alternative names one is enough. */
export function satisfiesRule(certificate: Certificate, rule: AuthorizationRule): boolean {
  return identitiesOf(certificate, rule.of).some((identity) =>
    rule.format === 'glob' ? matchesGlob(rule.match, identity) : identity === rule.match,
  )
}
