/** Every error and warning of TLS endpoints, in one place. */
import { type DiagnosticKind, defineKinds } from '../diagnostics/diagnostic.ts'

type Kind<Data> = DiagnosticKind<Data>
type Names = { readonly names: readonly string[] }

function list(names: readonly string[]): string {
  return names.join(', ')
}

const runtimeLacks: Kind<Names & { what: string; runtime: string }> = {
  code: 'TLS_RUNTIME_LACKS',
  severity: 'warning',
  fault: 'answer',
  summary: 'The OpenSSL that runs this program does not have what the string allows.',
  message: ({ names, what, runtime }) => `${runtime} lacks the ${what} ${list(names)}: left out`,
}

const noCredentials: Kind<Names> = {
  code: 'TLS_NO_CREDENTIALS',
  severity: 'warning',
  fault: 'answer',
  summary: 'The suites authenticate by passwords (SRP), which node:tls has no way to give.',
  message: ({ names }) => `no way to give credentials for ${list(names)}: left out`,
}

const otherCredentials: Kind<Names> = {
  code: 'TLS_OTHER_CREDENTIALS',
  severity: 'note',
  fault: 'answer',
  summary:
    'The suites need another kind of credentials than the endpoint has, so they are left out. With a shared key, TLS 1.3 in OpenSSL uses suites with SHA-256 only.',
  message: ({ names }) => `the credentials cannot use ${list(names)}: left out`,
}

const rawPublicKeys: Kind<Names> = {
  code: 'TLS_RAW_PUBLIC_KEYS',
  severity: 'warning',
  fault: 'answer',
  summary:
    'The string allows servers no X.509 certificates, and node:tls knows no other kind, so suites that authenticate by certificate are left out.',
  message: ({ names }) => `the string allows no X.509 certificates: ${list(names)} left out`,
  hint: () => 'add +CTYPE-X509',
}

const noCurve: Kind<Names> = {
  code: 'TLS_NO_CURVE',
  severity: 'warning',
  fault: 'answer',
  summary: 'The suites agree on a secret by elliptic curves, and no curve is left for them.',
  message: ({ names }) => `no curve is left for ${list(names)}: left out`,
  hint: () => 'add groups: +GROUP-X25519:+GROUP-SECP256R1',
}

const noDhParameters: Kind<Names> = {
  code: 'TLS_NO_DH_PARAMETERS',
  severity: 'warning',
  fault: 'answer',
  summary:
    'A server takes its Diffie-Hellman parameters from the FFDHE groups of the string, and it names none that is as large as its security level asks for.',
  message: ({ names }) => `no FFDHE group is left for ${list(names)}: left out`,
  hint: () => 'add a group: +GROUP-FFDHE3072',
}

const oneDhGroup: Kind<Names & { group: string }> = {
  code: 'TLS_ONE_DH_GROUP',
  severity: 'note',
  fault: 'answer',
  summary: 'Before TLS 1.3, a server of OpenSSL uses one set of Diffie-Hellman parameters.',
  message: ({ names, group }) => `before TLS 1.3 only ${group} is used, not ${list(names)}`,
}

const noSuiteSignature: Kind<Names> = {
  code: 'TLS_NO_SUITE_SIGNATURE',
  severity: 'warning',
  fault: 'answer',
  summary:
    'Servers sign their part of the key exchange in these suites, and no signature algorithm is left for it.',
  message: ({ names }) => `no signature algorithm is left for ${list(names)}: left out`,
}

const unforcedEncryptThenMac: Kind<Names> = {
  code: 'TLS_UNFORCED_ENCRYPT_THEN_MAC',
  severity: 'warning',
  fault: 'answer',
  summary:
    'The string forces encrypt-then-MAC on block ciphers. OpenSSL cannot insist on it, so suites with CBC are left out.',
  message: ({ names }) => `OpenSSL cannot force encrypt-then-MAC: ${list(names)} left out`,
}

const oldVersionSuites: Kind<Names> = {
  code: 'TLS_OLD_VERSION_SUITES',
  severity: 'warning',
  fault: 'answer',
  summary:
    'OpenSSL would use the suites before TLS 1.2 too, where the string does not allow them. They come back where the string allows no version before TLS 1.2.',
  message: ({ names }) => `OpenSSL would use ${list(names)} before TLS 1.2: left out`,
}

const ambiguousSignature: Kind<Names> = {
  code: 'TLS_AMBIGUOUS_SIGNATURE',
  severity: 'warning',
  fault: 'answer',
  summary:
    'TLS 1.2 and TLS 1.3 read the same number as ECDSA with any curve or with one. The string allows one reading, OpenSSL cannot tell them apart.',
  message: ({ names }) =>
    `${list(names)} is allowed in one of TLS 1.2 and TLS 1.3, OpenSSL would use it in both: left out`,
  hint: () => 'name both: +SIGN-ECDSA-SHA256:+SIGN-ECDSA-SECP256R1-SHA256',
}

const versionGap: Kind<Names> = {
  code: 'TLS_VERSION_GAP',
  severity: 'warning',
  fault: 'answer',
  summary: 'A client of OpenSSL offers versions without gaps; those below a gap are left out.',
  message: ({ names }) => `a client offers no versions below a gap: ${list(names)} left out`,
}

const unusableVersion: Kind<{ name: string; lacking: string }> = {
  code: 'TLS_UNUSABLE_VERSION',
  severity: 'warning',
  fault: 'answer',
  summary: 'The version is allowed, but nothing is left that it could negotiate.',
  message: ({ name, lacking }) => `no ${lacking} are left for ${name}: left out`,
}

const unused: Kind<Names & { what: string }> = {
  code: 'TLS_UNUSED',
  severity: 'note',
  fault: 'answer',
  summary: 'Nothing that is left can use these, so they are not offered.',
  message: ({ names, what }) => `no version or suite that is left uses the ${what} ${list(names)}`,
}

const certificateCurve: Kind<Names> = {
  code: 'TLS_CERTIFICATE_CURVE',
  severity: 'note',
  fault: 'answer',
  summary:
    'Before TLS 1.3, OpenSSL uses an ECDSA certificate only if the curve of its key is among the groups. GnuTLS does not ask for that.',
  message: ({ names }) => `before TLS 1.3, ECDSA certificates on ${list(names)} cannot be used`,
}

const unsupportedOption: Kind<{ option: string; effect: string }> = {
  code: 'TLS_UNSUPPORTED_OPTION',
  severity: 'note',
  fault: 'answer',
  summary: 'node:tls cannot do what an option of the string asks; the message says what it does.',
  message: ({ option, effect }) => `%${option}: ${effect}`,
}

const sessionTickets: Kind<object> = {
  code: 'TLS_SESSION_TICKETS',
  severity: 'warning',
  isAlwaysTold: true,
  fault: 'unavailable',
  summary:
    'A server sends session tickets in TLS 1.3, and OpenSSL cannot be kept from it. A client that never reads them, such as a QEMU whose guest leaves without a return path, turns its close into a reset: the last bytes that it sent are lost, and it does not notice.',
  message: () =>
    'this server sends session tickets in TLS 1.3: the last bytes of a client that never reads may be lost',
  hint: () =>
    'install the package koffi with this one, and a Node.js that exports the functions of its OpenSSL, as those of nodejs.org do; or allow TLS 1.2 alone',
}

const nothingNegotiable: Kind<{ lacking: string; runtime: string }> = {
  code: 'TLS_NOTHING_NEGOTIABLE',
  severity: 'error',
  fault: 'answer',
  summary: 'The string and OpenSSL have nothing in common that could be negotiated.',
  message: ({ lacking, runtime }) =>
    `nothing can be negotiated: no ${lacking} are both allowed by the string and usable in ${runtime}`,
}

const pskNotAllowed: Kind<object> = {
  code: 'TLS_PSK_NOT_ALLOWED',
  severity: 'error',
  fault: 'input',
  summary:
    'A pre-shared key was given, but the string allows it no key exchange, or none that OpenSSL can be limited to: TLS 1.3 needs DHE-PSK or ECDHE-PSK.',
  message: () => 'the priority string does not allow the pre-shared key that was given',
  hint: () => 'add +ECDHE-PSK, or +PSK for TLS 1.2 without TLS 1.3',
}

const handshakeFailed: Kind<{ reason: string }> = {
  code: 'TLS_HANDSHAKE_FAILED',
  severity: 'error',
  fault: 'unavailable',
  summary: 'The handshake failed, for a reason that OpenSSL gives.',
  message: ({ reason }) => `TLS handshake failed: ${reason}`,
}

const nothingShared: Kind<{ reason: string }> = {
  code: 'TLS_NOTHING_SHARED',
  severity: 'error',
  fault: 'answer',
  summary:
    'The handshake failed: no version, cipher suite, group or signature is allowed on both sides.',
  message: ({ reason }) => `TLS handshake failed: ${reason}`,
  hint: () => 'compare what both sides allow: cryptopolicy list --priority STRING on each',
}

const refusedByPeer: Kind<{ reason: string }> = {
  code: 'TLS_REFUSED_BY_PEER',
  severity: 'error',
  fault: 'answer',
  summary: 'The peer refuses our certificate, or our user, and says so by an alert of TLS.',
  message: ({ reason }) => `TLS handshake failed: ${reason}`,
  hint: () => 'the log of the peer says more',
}

const forbiddenVersion: Kind<{ name: string }> = {
  code: 'TLS_FORBIDDEN_VERSION',
  severity: 'error',
  fault: 'answer',
  summary: 'The connection uses a version that the string does not allow.',
  message: ({ name }) => `the connection uses ${name}, which is not allowed`,
}

const forbiddenSuite: Kind<{ name: string; version: string }> = {
  code: 'TLS_FORBIDDEN_SUITE',
  severity: 'error',
  fault: 'answer',
  summary: 'The connection uses a cipher suite that the string does not allow in its version.',
  message: ({ name, version }) => `the connection uses ${name} in ${version}: not allowed`,
}

const forbiddenGroup: Kind<{ name: string }> = {
  code: 'TLS_FORBIDDEN_GROUP',
  severity: 'error',
  fault: 'answer',
  summary: 'The peer chose a group, or the size of a Diffie-Hellman prime, that is not allowed.',
  message: ({ name }) => `the peer chose ${name} for the key exchange, which is not allowed`,
}

const noExtendedMasterSecret: Kind<object> = {
  code: 'TLS_NO_EXTENDED_MASTER_SECRET',
  severity: 'error',
  fault: 'answer',
  summary: 'The string requires the extended master secret (RFC 7627), and the peer lacks it.',
  message: () => 'the peer does not support the extended master secret, which is required',
}

const forbiddenCertificate: Kind<object> = {
  code: 'TLS_FORBIDDEN_CERTIFICATE',
  severity: 'error',
  fault: 'answer',
  summary: 'The peer sent an X.509 certificate, which the string does not allow.',
  message: () => 'the peer sent an X.509 certificate, which is not allowed',
}

export const TLS_KINDS = defineKinds({
  runtimeLacks,
  noCredentials,
  otherCredentials,
  rawPublicKeys,
  noCurve,
  noDhParameters,
  oneDhGroup,
  noSuiteSignature,
  unforcedEncryptThenMac,
  oldVersionSuites,
  ambiguousSignature,
  versionGap,
  unusableVersion,
  unused,
  certificateCurve,
  unsupportedOption,
  sessionTickets,
  nothingNegotiable,
  pskNotAllowed,
  handshakeFailed,
  nothingShared,
  refusedByPeer,
  forbiddenVersion,
  forbiddenSuite,
  forbiddenGroup,
  noExtendedMasterSecret,
  forbiddenCertificate,
})
