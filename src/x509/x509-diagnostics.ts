/** Every error and warning of certificates and of the files that hold them, in one place. */
import { type DiagnosticKind, defineKinds } from '../diagnostics/diagnostic.ts'
import type { CertificatePlace } from './certificate-place.ts'

type Kind<Data> = DiagnosticKind<Data>

/** The file of certificates that came over a connection. */
export const PEER = '<peer>'

/** A certificate that a message is about. */
export type NamedCertificate = { readonly place: CertificatePlace; readonly subject: string }

/** In characters. Longer names are cut: the owner of a certificate may have chosen them. */
const SHOWN_NAME = 120

/** A name between quotes, without characters that could drive a terminal or a log. */
function quoteName(name: string): string {
  const shown = name.length > SHOWN_NAME ? `${name.slice(0, SHOWN_NAME)}...` : name
  return JSON.stringify(shown)
}

function where({ file, index }: CertificatePlace): string {
  return file === PEER ? `the peer's certificate ${index + 1}` : `${file}: certificate ${index + 1}`
}

/** What messages call a certificate: its file, its place there and its subject. */
export function nameCertificate({ place, subject }: NamedCertificate): string {
  return `${where(place)} (${quoteName(subject)})`
}

/** The remedy: `own` for a certificate of this endpoint; a certificate of the peer is mended by the peer. */
function remedy({ place }: NamedCertificate, own: string, peers: string): string {
  return place.file === PEER ? `the peer has to ${peers}` : own
}

const replaceIt = 'issue a new certificate and put it in place of this one'
const reissue = (what: string) => (data: NamedCertificate) =>
  remedy(data, `issue the certificate again ${what}`, `use a certificate ${what}`)

function day(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`
}

const malformed: Kind<{ place: CertificatePlace; reason: string }> = {
  code: 'TLS_CERTIFICATE_MALFORMED',
  severity: 'error',
  fault: 'input',
  summary: 'A certificate is not what RFC 5280 describes: cut off, changed, or not one at all.',
  message: ({ place, reason }) => `${where(place)} is malformed: ${reason}`,
  hint: ({ place }) =>
    place.file === PEER
      ? 'the peer has to use another certificate'
      : 'take the file anew from where the certificate was issued',
}

const expired: Kind<NamedCertificate & { notAfter: Date }> = {
  code: 'TLS_CERTIFICATE_EXPIRED',
  severity: 'error',
  fault: 'answer',
  summary: 'The time of a certificate has passed.',
  message: (data) => `${nameCertificate(data)} has expired: notAfter is ${day(data.notAfter)}`,
  hint: (data) => remedy(data, replaceIt, 'renew it'),
}

const notYetValid: Kind<NamedCertificate & { notBefore: Date }> = {
  code: 'TLS_CERTIFICATE_NOT_YET_VALID',
  severity: 'error',
  fault: 'answer',
  summary: 'The time of a certificate has not come yet.',
  message: (data) =>
    `${nameCertificate(data)} is not valid yet: notBefore is ${day(data.notBefore)}`,
  hint: () => 'check the clocks of this host and of the one that issued it',
}

const isAuthority: Kind<NamedCertificate & { role: string }> = {
  code: 'TLS_CERTIFICATE_IS_AUTHORITY',
  severity: 'error',
  fault: 'answer',
  summary: "The endpoint's own certificate is the certificate of an authority.",
  message: (data) =>
    `${nameCertificate(data)}: basicConstraints say CA:TRUE, but a ${data.role} needs CA:FALSE`,
  hint: reissue('without CA:TRUE'),
}

const notAuthority: Kind<NamedCertificate & { found: string }> = {
  code: 'TLS_CERTIFICATE_NOT_AUTHORITY',
  severity: 'error',
  fault: 'answer',
  summary: 'A certificate issued others, and it is not the certificate of an authority.',
  message: (data) => `${nameCertificate(data)}: ${data.found}, but an authority needs CA:TRUE`,
  hint: reissue('with basicConstraints CA:TRUE'),
}

const cannotSign: Kind<NamedCertificate> = {
  code: 'TLS_CERTIFICATE_CANNOT_SIGN',
  severity: 'error',
  fault: 'answer',
  summary: 'The key usage of an authority does not let it sign certificates.',
  message: (data) =>
    `${nameCertificate(data)}: keyUsage lacks keyCertSign, which an authority needs`,
  hint: reissue('with the key usage keyCertSign'),
}

const keyUsage: Kind<NamedCertificate> = {
  code: 'TLS_CERTIFICATE_KEY_USAGE',
  severity: 'error',
  fault: 'answer',
  summary:
    "The key usage of the endpoint's own certificate is critical and lacks digitalSignature.",
  message: (data) => `${nameCertificate(data)}: keyUsage is critical and lacks digitalSignature`,
  hint: reissue('with the key usage digitalSignature'),
}

const purpose: Kind<NamedCertificate & { role: string; needed: string }> = {
  code: 'TLS_CERTIFICATE_PURPOSE',
  severity: 'error',
  fault: 'answer',
  summary:
    "The extended key usage of the endpoint's own certificate is critical and does not name its role.",
  message: (data) =>
    `${nameCertificate(data)}: extendedKeyUsage is critical and lacks ${data.needed}, which a ${data.role} needs`,
  hint: (data) => reissue(`with the extended key usage ${data.needed}`)(data),
}

const otherPurpose: Kind<NamedCertificate & { role: string; found: string }> = {
  code: 'TLS_CERTIFICATE_OTHER_PURPOSE',
  severity: 'error',
  fault: 'answer',
  summary:
    'A certificate of the peer, or of an authority above it, is for another purpose. Endpoints do not ask, as QEMU; acceptTls and connectTls of the library do, as node:tls.',
  message: ({ role, found, ...data }) =>
    `${nameCertificate(data)}: ${found} says that it is not for a ${role}`,
  hint: (data) => reissue(`for a ${data.role}`)(data),
}

const wrongOrder: Kind<NamedCertificate & { next: NamedCertificate }> = {
  code: 'TLS_CERTIFICATE_WRONG_ORDER',
  severity: 'error',
  fault: 'answer',
  summary: 'In a file of certificates, each one has to be issued by the one after it.',
  message: ({ next, ...data }) =>
    `${nameCertificate(data)} is not issued by the next one, ${nameCertificate(next)}`,
  hint: () => "put the endpoint's own certificate first, then its issuer, then the issuer of that",
}

/** `hasNamesake`: an authority of the issuer's name is there, which has another key. */
const noIssuer: Kind<NamedCertificate & { issuer: string; hasNamesake: boolean }> = {
  code: 'TLS_CERTIFICATE_NO_ISSUER',
  severity: 'error',
  fault: 'answer',
  summary:
    'None of the authorities that are trusted, and none of the certificates given, issued it.',
  message: ({ issuer, hasNamesake, ...data }) => {
    const known = hasNamesake
      ? `the authority of that name, ${quoteName(issuer)}, has another key`
      : `there is none ${quoteName(issuer)}`
    return `${nameCertificate(data)} has no known issuer: ${known}`
  },
  hint: (data) =>
    remedy(
      data,
      'add its issuer, and the issuers above it up to the root, to ca-cert.pem',
      'send its whole chain, or its authority has to be in ca-cert.pem',
    ),
}

const badSignature: Kind<NamedCertificate & { issuer: NamedCertificate }> = {
  code: 'TLS_CERTIFICATE_BAD_SIGNATURE',
  severity: 'error',
  fault: 'answer',
  summary: 'A certificate names an issuer whose key did not sign it.',
  message: ({ issuer, ...data }) =>
    `${nameCertificate(data)} is not signed by the key of ${nameCertificate(issuer)}`,
  hint: () => 'two authorities may have the same name: use the one that issued the certificate',
}

const chainTooLong: Kind<{ count: number; limit: number; place: CertificatePlace }> = {
  code: 'TLS_CERTIFICATE_CHAIN_TOO_LONG',
  severity: 'error',
  fault: 'answer',
  summary: 'A chain has more certificates than peers accept.',
  message: ({ count, limit, place }) =>
    `${place.file === PEER ? "the peer's chain" : place.file} has ${count} certificates, ${limit} at most are accepted`,
  hint: () => 'send the certificate and those that lead to the root, no others',
}

const pathTooLong: Kind<NamedCertificate & { pathLength: number }> = {
  code: 'TLS_CERTIFICATE_PATH_TOO_LONG',
  severity: 'error',
  fault: 'answer',
  summary: 'More authorities stand below an authority than its basicConstraints allow.',
  message: (data) =>
    `${nameCertificate(data)}: its pathlen allows ${data.pathLength} authorities below it`,
  hint: reissue('with a larger pathlen, or without one'),
}

const forbiddenName: Kind<NamedCertificate & { name: string; issuer: NamedCertificate }> = {
  code: 'TLS_CERTIFICATE_FORBIDDEN_NAME',
  severity: 'error',
  fault: 'answer',
  summary: 'The name constraints of an authority do not let certificates below it have a name.',
  message: ({ issuer, name, ...data }) =>
    `${nameCertificate(data)}: the name constraints of ${nameCertificate(issuer)} forbid ${quoteName(name)}`,
}

const unknownExtension: Kind<NamedCertificate & { identifier: string }> = {
  code: 'TLS_CERTIFICATE_UNKNOWN_EXTENSION',
  severity: 'error',
  fault: 'answer',
  summary: 'A critical extension is unknown here. RFC 5280 forbids to trust the certificate then.',
  message: (data) =>
    `${nameCertificate(data)}: extension ${data.identifier} is critical and unknown`,
  hint: reissue('without it'),
}

const revoked: Kind<NamedCertificate & { list: string }> = {
  code: 'TLS_CERTIFICATE_REVOKED',
  severity: 'error',
  fault: 'answer',
  summary: 'A revocation list has the serial number of the certificate.',
  message: (data) => `${nameCertificate(data)} has been revoked, says ${data.list}`,
  hint: (data) => remedy(data, replaceIt, 'get a new one'),
}

const ownRevoked: Kind<NamedCertificate & { list: string }> = {
  code: 'TLS_CERTIFICATE_OWN_REVOKED',
  severity: 'warning',
  fault: 'answer',
  summary:
    "The endpoint's own certificate has been revoked. It is still used, as QEMU does; peers with the same list refuse it.",
  message: (data) =>
    `${nameCertificate(data)} has been revoked, says ${data.list}: peers will refuse it`,
  hint: () => replaceIt,
}

const noPeerCertificate: Kind<object> = {
  code: 'TLS_CERTIFICATE_NONE',
  severity: 'error',
  fault: 'answer',
  summary: 'The peer showed no certificate, and one is needed.',
  message: () => 'the peer showed no certificate',
  hint: () => 'the peer has to have a certificate and its key, or verify-peer has to be off',
}

const staleList: Kind<{ file: string; nextUpdate: Date }> = {
  code: 'TLS_REVOCATION_LIST_STALE',
  severity: 'warning',
  fault: 'answer',
  summary: 'A newer revocation list is due. The one that is there is still used.',
  message: ({ file, nextUpdate }) => `${file}: a newer list was due at ${day(nextUpdate)}`,
  hint: () => 'get the present list from the authority',
}

const strayList: Kind<{ file: string; issuer: string }> = {
  code: 'TLS_REVOCATION_LIST_STRAY',
  severity: 'warning',
  fault: 'answer',
  summary:
    'None of the authorities signed a revocation list. It is still used for certificates whose issuer has its name.',
  message: ({ file, issuer }) =>
    `${file}: the list of ${quoteName(issuer)} is signed by none of the authorities`,
}

const malformedList: Kind<{ place: CertificatePlace; reason: string }> = {
  code: 'TLS_REVOCATION_LIST_MALFORMED',
  severity: 'error',
  fault: 'input',
  summary: 'A revocation list is not what RFC 5280 describes.',
  message: ({ place: { file, index }, reason }) =>
    `${file}: list ${index + 1} is malformed: ${reason}`,
  hint: () => 'take the file anew from the authority that issues the list',
}

const noKey: Kind<{ certFile: string; keyFile: string }> = {
  code: 'TLS_CREDENTIALS_NO_KEY',
  severity: 'error',
  fault: 'missing',
  summary: 'There is a certificate without its private key.',
  message: ({ certFile, keyFile }) => `${certFile} is there without its key: ${keyFile} is missing`,
  hint: () => 'put the key there, or take the certificate away',
}

const noCertificate: Kind<{ certFile: string; keyFile: string }> = {
  code: 'TLS_CREDENTIALS_NO_CERTIFICATE',
  severity: 'error',
  fault: 'missing',
  summary: 'There is a private key without its certificate.',
  message: ({ certFile, keyFile }) =>
    `${keyFile} is there without its certificate: ${certFile} is missing`,
  hint: () => 'put the certificate there, or take the key away',
}

const noIdentity: Kind<{ certFile: string; keyFile: string }> = {
  code: 'TLS_CREDENTIALS_NO_IDENTITY',
  severity: 'error',
  fault: 'missing',
  summary: 'A server needs a certificate and its private key.',
  message: ({ certFile, keyFile }) =>
    `the server has no certificate: ${certFile} and ${keyFile} are missing`,
}

const keyMismatch: Kind<{ certFile: string; keyFile: string }> = {
  code: 'TLS_CREDENTIALS_KEY_MISMATCH',
  severity: 'error',
  fault: 'input',
  summary: 'A private key does not belong to the certificate beside it.',
  message: ({ certFile, keyFile }) =>
    `${keyFile} is not the key of the first certificate in ${certFile}`,
  hint: () => 'the two have to be replaced together',
}

const keyMalformed: Kind<{ keyFile: string; reason: string }> = {
  code: 'TLS_CREDENTIALS_KEY_MALFORMED',
  severity: 'error',
  fault: 'input',
  summary: 'A file has no private key that can be read.',
  message: ({ keyFile, reason }) => `${keyFile}: no private key can be read: ${reason}`,
}

const keyEncrypted: Kind<{ keyFile: string }> = {
  code: 'TLS_CREDENTIALS_KEY_ENCRYPTED',
  severity: 'error',
  fault: 'input',
  summary: 'A private key is encrypted and no passphrase was given.',
  message: ({ keyFile }) => `${keyFile} is encrypted and there is no passphrase`,
  hint: () =>
    'name the secret with the passphrase: passwordid=ID and --object secret,id=ID,file=FILE',
}

const keyPassphrase: Kind<{ keyFile: string }> = {
  code: 'TLS_CREDENTIALS_KEY_PASSPHRASE',
  severity: 'error',
  fault: 'input',
  summary: 'The passphrase does not decrypt the private key.',
  message: ({ keyFile }) => `${keyFile}: the passphrase does not decrypt it`,
  hint: () => 'the file of a secret is taken whole: it may end in a newline that is not part of it',
}

const keyReadable: Kind<{ keyFile: string; mode: string }> = {
  code: 'TLS_CREDENTIALS_KEY_READABLE',
  severity: 'warning',
  fault: 'answer',
  summary: 'Every user of the host can read or change a private key.',
  message: ({ keyFile, mode }) =>
    `${keyFile}: every user can read or change the key: its mode is ${mode}`,
  hint: ({ keyFile }) => `chmod o-rwx ${keyFile}`,
}

const weakKey: Kind<{ certificate: string; key: string; needed: string }> = {
  code: 'TLS_WEAK_KEY',
  severity: 'error',
  fault: 'answer',
  summary:
    'A key in a chain of certificates, of the peer or of the endpoint itself, does not reach the minimum verification profile.',
  message: ({ certificate, key, needed }) => `${certificate}: ${key}, ${needed} is needed`,
  hint: () => 'issue the certificate again with a stronger key',
}

const forbiddenKey: Kind<{ certificate: string; reason: string }> = {
  code: 'TLS_FORBIDDEN_KEY',
  severity: 'error',
  fault: 'answer',
  summary:
    'A key in a chain of certificates is on a curve that the configuration disables or that GnuTLS does not have, or its parameters are none that may be trusted.',
  message: ({ certificate, reason }) => `${certificate}: ${reason}`,
  hint: () => 'issue the certificate again for a key on a curve that the policy allows',
}

const unreadableKey: Kind<{ certificate: string; reason: string }> = {
  code: 'TLS_CERTIFICATE_KEY_UNREADABLE',
  severity: 'error',
  fault: 'input',
  summary: 'The public key of a certificate cannot be decoded.',
  message: ({ certificate, reason }) => `${certificate}: its public key cannot be read: ${reason}`,
}

const tooManyChecks: Kind<NamedCertificate & { limit: number }> = {
  code: 'TLS_CERTIFICATE_TOO_MANY_CHECKS',
  severity: 'error',
  fault: 'answer',
  summary:
    'More signatures would have to be verified than one handshake may cost: too many certificates or authorities have one name.',
  message: ({ limit, ...data }) =>
    `${nameCertificate(data)}: no way to an authority was found within ${limit} checks of signatures`,
  hint: () =>
    'send the certificate and those that lead to the root, no others; give authorities of one name key identifiers',
}

const missingFeature: Kind<NamedCertificate & { feature: number; issuer: NamedCertificate }> = {
  code: 'TLS_CERTIFICATE_MISSING_FEATURE',
  severity: 'error',
  fault: 'answer',
  summary:
    'An authority has a TLS feature extension (RFC 7633) and a certificate below it lacks one of its features.',
  message: ({ issuer, feature, ...data }) =>
    `${nameCertificate(data)} lacks TLS feature ${feature}, which ${nameCertificate(issuer)} demands`,
  hint: reissue('with the TLS features of its authority'),
}

const needsStatus: Kind<NamedCertificate> = {
  code: 'TLS_CERTIFICATE_NEEDS_STATUS',
  severity: 'error',
  fault: 'answer',
  summary:
    'A certificate that the peer sent demands that an OCSP status comes with it (TLS feature 5, RFC 7633), and none came.',
  message: (data) =>
    `${nameCertificate(data)} has TLS feature 5: it counts only with an OCSP status, and none came with it`,
  hint: reissue('without TLS feature 5: neither QEMU nor cryptopolicy sends an OCSP status'),
}

const unknownStatusRequest: Kind<NamedCertificate & { release: string }> = {
  code: 'TLS_CERTIFICATE_STATUS_REQUEST_UNKNOWN',
  severity: 'error',
  fault: 'answer',
  summary:
    'A certificate that the client sent demands an OCSP status (TLS feature 5, RFC 7633), and this Node.js does not tell whether the client asked for one.',
  message: ({ release, ...data }) =>
    `${nameCertificate(data)} has TLS feature 5: it counts without an OCSP status only for clients that ask for none, and Node.js ${release} does not tell whether this one asked`,
  hint: reissue(
    'without TLS feature 5, or use a release of Node.js that cryptopolicy was tested with',
  ),
}

const ownNeedsStatus: Kind<NamedCertificate> = {
  code: 'TLS_CERTIFICATE_OWN_NEEDS_STATUS',
  severity: 'warning',
  fault: 'answer',
  summary:
    "The endpoint's own certificates demand an OCSP status (TLS feature 5, RFC 7633), which endpoints do not send.",
  message: (data) =>
    `${nameCertificate(data)} has TLS feature 5: peers refuse it without an OCSP status, and none is sent`,
  hint: reissue('without TLS feature 5'),
}

const tooManyFeatures: Kind<NamedCertificate & { limit: number }> = {
  code: 'TLS_CERTIFICATE_TOO_MANY_FEATURES',
  severity: 'error',
  fault: 'answer',
  summary:
    'An authority has a TLS feature extension (RFC 7633), and it or a certificate below it has more features than GnuTLS compares.',
  message: ({ limit, ...data }) => `${nameCertificate(data)} has more than ${limit} TLS features`,
  hint: reissue('with few TLS features'),
}

const oldVersion: Kind<NamedCertificate & { version: number }> = {
  code: 'TLS_CERTIFICATE_OLD_VERSION',
  severity: 'error',
  fault: 'answer',
  summary: 'The Suite B profiles take certificates of version 3 only (RFC 5759 section 3).',
  message: ({ version, ...data }) =>
    `${nameCertificate(data)} is of version ${version}, version 3 is needed`,
  hint: reissue('of version 3'),
}

const weakSignature: Kind<{ certificate: string; signature: string }> = {
  code: 'TLS_WEAK_SIGNATURE',
  severity: 'error',
  fault: 'answer',
  summary:
    'A certificate, of the peer or of the endpoint, has a signature that the configuration or the minimum verification profile forbids.',
  message: ({ certificate, signature }) =>
    `${certificate}: signed with ${signature}, which is not allowed`,
  hint: () => 'issue the certificate again with a signature of SHA-256 or better',
}

export const X509_KINDS = defineKinds({
  weakKey,
  forbiddenKey,
  unreadableKey,
  tooManyChecks,
  missingFeature,
  needsStatus,
  unknownStatusRequest,
  ownNeedsStatus,
  tooManyFeatures,
  oldVersion,
  weakSignature,
  malformed,
  expired,
  notYetValid,
  isAuthority,
  notAuthority,
  cannotSign,
  keyUsage,
  purpose,
  otherPurpose,
  wrongOrder,
  noIssuer,
  badSignature,
  chainTooLong,
  pathTooLong,
  forbiddenName,
  unknownExtension,
  revoked,
  ownRevoked,
  noPeerCertificate,
  staleList,
  strayList,
  malformedList,
  noKey,
  noCertificate,
  noIdentity,
  keyMismatch,
  keyMalformed,
  keyEncrypted,
  keyPassphrase,
  keyReadable,
})
