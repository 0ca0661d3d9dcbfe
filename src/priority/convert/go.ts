/** The constants of Go's crypto/tls. */
import type { AllowedTls } from '../../algorithms/allowed-tls.ts'
import { type GoRelease, isSince } from '../library-releases.ts'
import { findUnenforced, NEVER } from './demands.ts'
import type { Dialect, Spoken } from './dialect.ts'

const VERSIONS: Readonly<Record<string, string>> = {
  'TLS1.0': 'tls.VersionTLS10',
  'TLS1.1': 'tls.VersionTLS11',
  'TLS1.2': 'tls.VersionTLS12',
  'TLS1.3': 'tls.VersionTLS13',
}

const CURVES: Readonly<Record<string, string>> = {
  secp256r1: 'tls.CurveP256',
  secp384r1: 'tls.CurveP384',
  secp521r1: 'tls.CurveP521',
  x25519: 'tls.X25519',
}

/** The hybrid groups, with the first release that has each. */
const HYBRIDS: readonly (readonly [string, GoRelease])[] = [
  ['X25519MLKEM768', '1.24'],
  ['SecP256r1MLKEM768', '1.27'],
  ['SecP384r1MLKEM1024', '1.27'],
]

const TLS13_SUITES: readonly string[] = [
  ...['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'],
]

/** The suites that Go has constants for, insecure ones too. */
const SUITE = new RegExp(
  [
    /^TLS_(ECDHE_(ECDSA|RSA)|RSA)_WITH_AES_(128_GCM_SHA256|256_GCM_SHA384|(128|256)_CBC_SHA)$/,
    /^TLS_(ECDHE_(ECDSA|RSA)|RSA)_WITH_(AES_128_CBC_SHA256|RC4_128_SHA)$/,
    /^TLS_(ECDHE_)?RSA_WITH_3DES_EDE_CBC_SHA$|^TLS_ECDHE_(ECDSA|RSA)_WITH_CHACHA20_POLY1305_SHA256$/,
  ]
    .map(({ source }) => source)
    .join('|'),
)

const PKCS1 = ['rsa_pkcs1_sha256', 'rsa_pkcs1_sha384', 'rsa_pkcs1_sha512']
const SHA1 = ['rsa_pkcs1_sha1', 'ecdsa_sha1']
const SCHEMES = [
  ...['rsa_pss_rsae_sha256', 'rsa_pss_rsae_sha384', 'rsa_pss_rsae_sha512', 'ed25519'],
  ...['ecdsa_secp256r1_sha256', 'ecdsa_secp384r1_sha384', 'ecdsa_secp521r1_sha512'],
]

/** Go has no DSA and no Diffie-Hellman but on curves; 1.24 began to refuse small RSA keys. */
const KEY_SIZES = { rsa: 0, dsa: NEVER, ec: 224, dh: NEVER }
const SMALLEST_RSA = 1024

/** `CipherSuites` says nothing of TLS 1.3, and nothing says anything of signatures. */
export function goDialect(release: GoRelease): Dialect {
  const fixedSchemes = ({ versions }: AllowedTls): readonly string[] =>
    schemesOf(release, new Set(versions.map(({ name }) => name)))
  const keySizes = isSince(release, '1.24') ? { ...KEY_SIZES, rsa: SMALLEST_RSA } : KEY_SIZES
  const every = schemesOf(release, new Set(['TLS1.2', 'TLS1.3']))
  return {
    contiguous: true,
    fixedTls13: TLS13_SUITES,
    version: ({ name }) => VERSIONS[name],
    suite: ({ name }) =>
      TLS13_SUITES.includes(name) || SUITE.test(name) ? `tls.${name}` : undefined,
    group: ({ name }) => CURVES[name] ?? hybridOf(name, release),
    scheme: ({ name }) => (every.includes(name) ? name : undefined),
    namesOldScheme: () => !isSince(release, '1.27'),
    namesOldGroup: ({ kind }) => kind === 'curve',
    fixedSchemes,
    undecided: ['the order of cipher suites'],
    unenforced: (demands) => findUnenforced(demands, { keySizes }),
  }
}

/** An empty list would be Go's own curves. This number never becomes a group, and peers pass over it (RFC 8701). */
const NO_CURVE = '0x0a0a'

/** A literal of tls.Config. */
export function printGo({ versions, suites12, groups }: Spoken): string {
  const curves = groups.length > 0 ? groups : [NO_CURVE]
  return [
    '&tls.Config{',
    `\tMinVersion: ${versions.at(0)},`,
    `\tMaxVersion: ${versions.at(-1)},`,
    printSlice('CipherSuites', 'uint16', suites12),
    printSlice('CurvePreferences', 'tls.CurveID', curves),
    '}',
    '',
  ].join('\n')
}

function printSlice(field: string, type: string, words: readonly string[]): string {
  const lines = words.map((word) => `\t\t${word},`)
  return [`\t${field}: []${type}{`, ...lines, '\t},'].join('\n')
}

function hybridOf(name: string, release: GoRelease): string | undefined {
  const isThere = HYBRIDS.some(([hybrid, since]) => hybrid === name && isSince(release, since))
  return isThere ? `tls.${name}` : undefined
}

/** What Go offers with versions. From 1.25 on there is no SHA-1, and nothing that TLS 1.3 lacks. */
function schemesOf(release: GoRelease, versions: ReadonlySet<string>): readonly string[] {
  const [hasTls12, hasTls13] = [versions.has('TLS1.2'), versions.has('TLS1.3')]
  if (!hasTls12 && !hasTls13) return []
  if (!isSince(release, '1.27')) return [...SCHEMES, ...PKCS1, ...SHA1]
  const lattices = hasTls13 ? ['mldsa44', 'mldsa65', 'mldsa87'] : []
  return [...lattices, ...SCHEMES, ...(hasTls12 ? PKCS1 : [])]
}
