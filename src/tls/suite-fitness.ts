/** Which suites an endpoint of OpenSSL must not offer, though it has them and the string names them. */
import type { AllowedTls } from '../algorithms/allowed-tls.ts'
import {
  canSign,
  canSignFor,
  exchangeKind,
  isDhGroup,
  isSigningVersion,
  isTls13Suite,
  needsCertificate,
} from '../algorithms/handshake-needs.ts'
import type { TlsRole } from '../algorithms/tls-role.ts'
import type { TlsSignatureScheme } from '../algorithms/tls-signatures.ts'
import { canNegotiate, type TlsSuite } from '../algorithms/tls-suites.ts'
import { isBeforeTls12, type TlsVersion } from '../algorithms/tls-versions.ts'
import type { DiagnosticKind } from '../diagnostics/diagnostic.ts'
import type { Evaluation } from '../priority/evaluate.ts'
import { allowsX509 } from './certificate-types.ts'
import type { CredentialKind } from './credential-kind.ts'
import { TLS_KINDS } from './tls-diagnostics.ts'

/** What decides whether a suite is fit. */
type SuiteSurroundings = {
  readonly evaluation: Evaluation
  readonly role: TlsRole
  readonly versions: readonly TlsVersion[]
  readonly schemes: readonly TlsSignatureScheme[]
  /** What the string and the runtime have in common. */
  readonly base: AllowedTls
  /** What the endpoint has, where that is known. */
  readonly credentials: CredentialKind | undefined
}

export type SuiteRule = {
  readonly kind: DiagnosticKind<{ names: readonly string[] }>
  readonly isUnfit: (suite: TlsSuite, surroundings: SuiteSurroundings) => boolean
}

/**
 * Which suites fit each kind of credentials. A suite of another kind would let in a peer whom the
 * credentials do not know, such as one without authentication beside certificates.
 */
const FITTING: { readonly [K in CredentialKind]: (suite: TlsSuite) => boolean } = {
  x509: (suite) => isTls13Suite(suite) || needsOnlyCertificate(suite),
  // In TLS 1.3, OpenSSL's callbacks for shared keys are for suites with SHA-256.
  psk: (suite) =>
    isTls13Suite(suite)
      ? suite.name.endsWith('_SHA256')
      : /^(?:(?:EC)?DHE-)?PSK$/.test(suite.keyExchange ?? ''),
  anon: ({ keyExchange }) => keyExchange?.startsWith('ANON-') ?? false,
}

function needsOnlyCertificate(suite: TlsSuite): boolean {
  return needsCertificate(suite) && !suite.keyExchange?.endsWith('PSK')
}

export const SUITE_RULES: readonly SuiteRule[] = [
  {
    kind: TLS_KINDS.otherCredentials,
    isUnfit: (suite, { credentials }) => credentials !== undefined && !FITTING[credentials](suite),
  },
  {
    kind: TLS_KINDS.noCredentials,
    isUnfit: ({ keyExchange }) => keyExchange?.startsWith('SRP') ?? false,
  },
  {
    kind: TLS_KINDS.rawPublicKeys,
    isUnfit: (suite, { evaluation }) =>
      !allowsX509(evaluation.serverCertificates) &&
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
      versions.some((version) => isBeforeTls12(version) && !canNegotiate(suite, version)),
  },
  {
    kind: TLS_KINDS.noCurve,
    isUnfit: (suite, { base }) =>
      exchangeKind(suite) === 'curve' && base.groups.every(({ kind }) => kind !== 'curve'),
  },
  {
    kind: TLS_KINDS.noSuiteSignature,
    // Versions before TLS 1.2 sign without asking, but OpenSSL has one list of suites for all: a
    // suite that TLS 1.2 settles on and then cannot sign for would end the handshake.
    isUnfit: (suite, { schemes, versions }) =>
      !isTls13Suite(suite) &&
      versions.some(isSigningVersion) &&
      !schemes.some((scheme) => canSign(scheme, 'tls1.2') && canSignFor(suite, scheme)),
  },
  {
    kind: TLS_KINDS.noDhParameters,
    // A client takes any prime that is long enough, as GnuTLS does: see `minDHSize`.
    isUnfit: (suite, { base, role }) =>
      role === 'server' &&
      exchangeKind(suite) === 'finite-field' &&
      !base.groups.some((group) => isDhGroup(group, base.minimumKeySizes)),
  },
]
