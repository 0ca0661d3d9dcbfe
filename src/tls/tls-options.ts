/** Turns a GnuTLS priority string into options of node:tls that are never looser than the string. */
import { type ConnectionOptions, checkServerIdentity, type SecureContextOptions } from 'node:tls'
import type { AllowedTls } from '../algorithms/allowed-tls.ts'
import { isTls13Suite } from '../algorithms/handshake-needs.ts'
import type { TlsRole } from '../algorithms/tls-role.ts'
import { opensslSuiteName } from '../algorithms/tls-suite-openssl.ts'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import type { Source } from '../diagnostics/source.ts'
import type { Evaluation } from '../priority/evaluate.ts'
import { requirePriority } from '../priority/failure/failure-diagnostics.ts'
import type { GnutlsRelease } from '../priority/releases.ts'
import type { SystemConfig } from '../priority/system-config.ts'
import type { CredentialKind } from './credential-kind.ts'
import { dhParameters } from './dh-parameters.ts'
import { dhGroup, findNegotiable } from './negotiable.ts'
import { contextFlags, tellUnsupported } from './option-flags.ts'
import { nodeVersionName } from './runtime.ts'
import { securityLevel } from './security-level.ts'

/** The fields of node:tls that a priority string decides. */
export type PriorityTlsOptions = Pick<
  SecureContextOptions,
  | 'minVersion'
  | 'maxVersion'
  | 'ciphers'
  | 'ecdhCurve'
  | 'sigalgs'
  | 'honorCipherOrder'
  | 'secureOptions'
  | 'dhparam'
> &
  Pick<ConnectionOptions, 'minDHSize' | 'checkServerIdentity'>

/** What a priority string makes of an endpoint. */
export type TlsSettings = {
  readonly role: TlsRole
  readonly evaluation: Evaluation
  /** To spread into the options of `tls.connect`, `tls.createServer` or `new TLSSocket`. */
  readonly options: PriorityTlsOptions
  /** What the endpoint can negotiate: what both the string and the running OpenSSL allow. */
  readonly allowed: AllowedTls
  /** What the string allows or asks for and the endpoint does not do; never an error. */
  readonly omissions: readonly Diagnostic[]
}

export type TlsSettingsOptions = {
  readonly role: TlsRole
  /** The file that `@KEYWORD` is looked up in, where the priority is a string. */
  readonly config?: SystemConfig
  /** The release of GnuTLS whose meaning the string has. */
  readonly release?: GnutlsRelease
  /** What the endpoint proves itself by; suites that need anything else are then left out. */
  readonly credentials?: CredentialKind
}

/**
 * Turns a priority string into options of node:tls. Whatever they let an endpoint negotiate is
 * allowed by the string. What OpenSSL cannot be told beforehand (the keys and signatures of the
 * peer's chain, a required extended master secret) is checked by `checkSession`, which
 * `acceptTls` and `connectTls` call: use those, or call it before any data flows.
 *
 * OpenSSL applies its security level, which follows the profile, to the endpoint's own
 * certificate too: one that a peer under the same string would refuse cannot be used.
 *
 * @throws DiagnosticError where the string is refused, or where OpenSSL has nothing that the
 * string allows.
 */
export function tlsOptionsFor(
  priority: Source | Evaluation,
  { role, config, release, credentials }: TlsSettingsOptions,
): TlsSettings {
  const evaluation =
    'resolution' in priority
      ? priority
      : requirePriority(priority, {
          ...(config ? { config } : {}),
          ...(release ? { release } : {}),
        })
  const { allowed, omissions } = findNegotiable(evaluation, role, credentials)
  const unsupported = tellUnsupported(evaluation, allowed, role)
  const options = {
    ...contextOptions(evaluation, allowed, role),
    ...peerOptions(evaluation, allowed, role),
  }
  return { role, evaluation, options, allowed, omissions: [...omissions, ...unsupported] }
}

function contextOptions(
  evaluation: Evaluation,
  allowed: AllowedTls,
  role: TlsRole,
): PriorityTlsOptions {
  const { versions, suites, groups, signatureSchemes } = allowed
  const parameters =
    role === 'server' ? dhGroup(suites, groups, allowed.minimumKeySizes) : undefined
  const schemes = signatureSchemes.map(({ name }) => name).join(':')
  const last = versions.at(-1)
  const oldest = last && nodeVersionName(last)
  const [newest] = versions
  return {
    ...(oldest ? { minVersion: oldest } : {}),
    ...(newest ? { maxVersion: nodeVersionName(newest) } : {}),
    ciphers: cipherList(evaluation, allowed),
    ecdhCurve: groups.map(({ name }) => name).join(':') || UNUSED_GROUP,
    ...(schemes ? { sigalgs: schemes } : {}),
    honorCipherOrder: evaluation.options.serverPrecedence,
    secureOptions: contextFlags(evaluation, allowed),
    ...(parameters ? { dhparam: dhParameters(parameters.bits) } : {}),
  }
}

/** Where no suite uses a group, an empty list would mean OpenSSL's own. */
const UNUSED_GROUP = 'secp256r1'

/** Carries the security level where there are only suites of TLS 1.3; no version then allows it. */
const UNUSED_SUITE = 'ECDHE-RSA-AES256-GCM-SHA384'

/** Every suite by its full name: an alias such as `AES` would bring others along. */
function cipherList(evaluation: Evaluation, allowed: AllowedTls): string {
  const { suites } = allowed
  const names = suites.map((suite) => opensslSuiteName(suite) ?? '')
  const level = `@SECLEVEL=${securityLevel(evaluation, allowed)}`
  return [...names, ...(suites.every(isTls13Suite) ? [UNUSED_SUITE] : []), level].join(':')
}

function peerOptions(
  { options }: Evaluation,
  allowed: AllowedTls,
  role: TlsRole,
): PriorityTlsOptions {
  if (role === 'server') return {}
  return {
    minDHSize: Math.max(1, allowed.minimumKeySizes.dh),
    ...(options.certificateWildcards ? {} : { checkServerIdentity: checkWithoutWildcards }),
  }
}

/** As node:tls checks a name, but no `*` stands for anything. */
const checkWithoutWildcards: typeof checkServerIdentity = (host, certificate) => {
  const names = certificate.subjectaltname?.split(', ').filter((name) => !name.includes('*'))
  const { CN } = certificate.subject
  const subject = `${CN}`.includes('*') ? { ...certificate.subject, CN: '' } : certificate.subject
  // A list that is empty but there keeps the check from going back to the common name.
  const subjectaltname = names && (names.join(', ') || 'DNS:invalid.')
  return checkServerIdentity(host, {
    ...certificate,
    subject,
    ...(subjectaltname === undefined ? {} : { subjectaltname }),
  })
}
