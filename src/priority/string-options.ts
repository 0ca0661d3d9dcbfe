/** The `%` words of a priority string and the settings that they change. */
import type { ProfileName } from './profiles.ts'
import type { Availability } from './releases.ts'

/** Everything a priority string decides beyond its lists. */
export type PriorityOptions = {
  /** Send no extensions, for peers that cannot read them; rules out TLS 1.3. */
  readonly extensions: boolean
  readonly shuffleExtensions: boolean
  /** Ask for and send stapled OCSP responses. */
  readonly statusRequest: boolean
  readonly tickets: boolean
  readonly ticketsTls12: boolean
  /** RFC 7366; `forceEncryptThenMac` refuses block ciphers without it. */
  readonly encryptThenMac: boolean
  readonly forceEncryptThenMac: boolean
  /** RFC 7627, which GnuTLS calls session hash: offer it, and refuse peers without it. */
  readonly extendedMasterSecret: boolean
  readonly requireExtendedMasterSecret: boolean
  readonly renegotiation: 'disabled' | 'unsafe' | 'partial' | 'safe'
  /** Send the signal of RFC 7507 that this connection is a retry. */
  readonly fallbackSignal: boolean
  readonly serverPrecedence: boolean
  /** The record version of the first message: the oldest possible, or that of the newest version. */
  readonly firstRecordVersion: 'ssl3' | 'latest'
  /** Look like TLS 1.2 to devices in between (RFC 8446 appendix D.4). */
  readonly middleboxCompatibility: boolean
  readonly largeRecords: boolean
  readonly smallRecords: boolean
  /** Pad the first message, for firewalls that drop it at some lengths. */
  readonly firewallPadding: boolean
  readonly keyUsageViolations: boolean
  readonly serverKeyUsageViolations: boolean
  readonly certificateWildcards: boolean
  readonly revocationLists: boolean
  readonly brokenCertificateSignatures: boolean
  readonly md5CertificateSignatures: boolean
  readonly sha1CertificateSignatures: boolean
}

export const DEFAULT_OPTIONS: PriorityOptions = {
  extensions: true,
  shuffleExtensions: true,
  statusRequest: true,
  tickets: true,
  ticketsTls12: true,
  encryptThenMac: true,
  forceEncryptThenMac: false,
  extendedMasterSecret: true,
  requireExtendedMasterSecret: false,
  renegotiation: 'partial',
  fallbackSignal: false,
  serverPrecedence: false,
  firstRecordVersion: 'ssl3',
  middleboxCompatibility: true,
  largeRecords: false,
  smallRecords: false,
  firewallPadding: false,
  keyUsageViolations: false,
  serverKeyUsageViolations: false,
  certificateWildcards: true,
  revocationLists: true,
  brokenCertificateSignatures: false,
  md5CertificateSignatures: false,
  sha1CertificateSignatures: false,
}

export type PriorityOption = Availability & {
  /** The word after `%`, in this case only. */
  readonly name: string
  readonly sets: Partial<PriorityOptions>
  readonly profile?: ProfileName
}

const COMPATIBILITY: Partial<PriorityOptions> = {
  largeRecords: true,
  smallRecords: true,
  encryptThenMac: false,
  extendedMasterSecret: false,
  keyUsageViolations: true,
  firewallPadding: true,
}

/** An option that sets nothing is accepted and ignored. */
export const PRIORITY_OPTIONS: readonly PriorityOption[] = [
  { name: 'COMPAT', sets: COMPATIBILITY },
  { name: 'DUMBFW', sets: { firewallPadding: true } },
  { name: 'NO_EXTENSIONS', sets: { extensions: false } },
  { name: 'NO_TICKETS', sets: { tickets: false } },
  { name: 'NO_TICKETS_TLS12', sets: { ticketsTls12: false } },
  { name: 'NO_ETM', sets: { encryptThenMac: false } },
  { name: 'FORCE_ETM', sets: { forceEncryptThenMac: true } },
  { name: 'NO_SESSION_HASH', sets: { extendedMasterSecret: false } },
  { name: 'FORCE_SESSION_HASH', sets: { requireExtendedMasterSecret: true }, since: '3.8.9' },
  { name: 'NO_STATUS_REQUEST', sets: { statusRequest: false }, since: '3.8.9' },
  { name: 'STATELESS_COMPRESSION', sets: {} },
  { name: 'VERIFY_ALLOW_BROKEN', sets: { brokenCertificateSignatures: true } },
  { name: 'VERIFY_ALLOW_SIGN_RSA_MD5', sets: { md5CertificateSignatures: true } },
  { name: 'VERIFY_ALLOW_SIGN_WITH_SHA1', sets: { sha1CertificateSignatures: true } },
  { name: 'VERIFY_DISABLE_CRL_CHECKS', sets: { revocationLists: false } },
  { name: 'SSL3_RECORD_VERSION', sets: { firstRecordVersion: 'ssl3' } },
  { name: 'LATEST_RECORD_VERSION', sets: { firstRecordVersion: 'latest' } },
  { name: 'VERIFY_ALLOW_X509_V1_CA_CRT', sets: {} },
  { name: 'UNSAFE_RENEGOTIATION', sets: { renegotiation: 'unsafe' } },
  { name: 'SAFE_RENEGOTIATION', sets: { renegotiation: 'safe' } },
  { name: 'PARTIAL_RENEGOTIATION', sets: { renegotiation: 'partial' } },
  { name: 'DISABLE_SAFE_RENEGOTIATION', sets: { renegotiation: 'disabled' } },
  { name: 'FALLBACK_SCSV', sets: { fallbackSignal: true } },
  { name: 'DISABLE_WILDCARDS', sets: { certificateWildcards: false } },
  { name: 'SERVER_PRECEDENCE', sets: { serverPrecedence: true } },
  { name: 'PROFILE_VERY_WEAK', sets: {}, profile: 'VERY_WEAK' },
  { name: 'PROFILE_LOW', sets: {}, profile: 'LOW' },
  { name: 'PROFILE_LEGACY', sets: {}, profile: 'LEGACY' },
  { name: 'PROFILE_MEDIUM', sets: {}, profile: 'MEDIUM' },
  { name: 'PROFILE_HIGH', sets: {}, profile: 'HIGH' },
  { name: 'PROFILE_ULTRA', sets: {}, profile: 'ULTRA' },
  { name: 'PROFILE_FUTURE', sets: {}, profile: 'FUTURE' },
  { name: 'PROFILE_SUITEB128', sets: {}, profile: 'SUITEB128' },
  // Not a slip here: GnuTLS gives this word the 128-bit profile in every release.
  { name: 'PROFILE_SUITEB192', sets: {}, profile: 'SUITEB128' },
  { name: 'NEW_PADDING', sets: {} },
  { name: 'DEBUG_ALLOW_KEY_USAGE_VIOLATIONS', sets: { serverKeyUsageViolations: true } },
  { name: 'ALLOW_SMALL_RECORDS', sets: { smallRecords: true } },
  { name: 'DISABLE_TLS13_COMPAT_MODE', sets: { middleboxCompatibility: false } },
  { name: 'NO_SHUFFLE_EXTENSIONS', sets: { shuffleExtensions: false }, since: '3.8.9' },
]
