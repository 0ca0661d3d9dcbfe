/** Which suites an endpoint of OpenSSL must not offer, though it has them and the string names them. */
import type { TlsGroup } from '../algorithms/tls-groups.ts'
import { canNegotiate, type TlsSuite } from '../algorithms/tls-suites.ts'
import type { TlsVersion } from '../algorithms/tls-versions.ts'
import type { DiagnosticKind } from '../diagnostics/diagnostic.ts'
import type { Evaluation } from '../priority/evaluate.ts'
import { exchangeKind, isTls13Suite, needsCertificate } from './handshake-needs.ts'
import type { TlsRole } from './negotiable.ts'
import { TLS_KINDS } from './tls-diagnostics.ts'

/** What decides whether a suite is fit. */
export type SuiteSurroundings = {
  readonly evaluation: Evaluation
  readonly role: TlsRole
  readonly versions: readonly TlsVersion[]
  readonly groups: readonly TlsGroup[]
}

export type SuiteRule = {
  readonly kind: DiagnosticKind<{ names: readonly string[] }>
  readonly isUnfit: (suite: TlsSuite, surroundings: SuiteSurroundings) => boolean
}

export const SUITE_RULES: readonly SuiteRule[] = [
  {
    kind: TLS_KINDS.noCredentials,
    isUnfit: ({ keyExchange }) => keyExchange?.startsWith('SRP') ?? false,
  },
  {
    kind: TLS_KINDS.rawPublicKeys,
    isUnfit: (suite, { evaluation }) =>
      evaluation.serverCertificates.every(({ name }) => name !== 'X.509') &&
      (needsCertificate(suite) || isTls13Suite(suite)),
  },
  {
    kind: TLS_KINDS.unforcedEncryptThenMac,
    isUnfit: ({ cipher }, { evaluation }) =>
      evaluation.options.forceEncryptThenMac && cipher.endsWith('-CBC'),
  },
  {
    kind: TLS_KINDS.oldVersionSuites,
    // OpenSSL takes these PSK suites for suites of TLS 1.0; their hashes came with TLS 1.2.
    isUnfit: (suite, { versions }) =>
      /PSK$/.test(suite.keyExchange ?? '') &&
      /^SHA(256|384)$/.test(suite.mac) &&
      versions.some((version) => version.number < 0x0303 && !canNegotiate(suite, version)),
  },
  {
    kind: TLS_KINDS.noCurve,
    isUnfit: (suite, { groups }) =>
      exchangeKind(suite) === 'curve' && groups.every(({ kind }) => kind !== 'curve'),
  },
  {
    kind: TLS_KINDS.noDhParameters,
    // A client takes any prime that is long enough, as GnuTLS does: see `minDHSize`.
    isUnfit: (suite, { groups, role }) =>
      role === 'server' &&
      exchangeKind(suite) === 'finite-field' &&
      groups.every(({ kind }) => kind !== 'finite-field'),
  },
]
