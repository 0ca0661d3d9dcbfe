/** OpenSSL's cipher string for TLS up to 1.2 (ciphers(1)) and its list of TLS 1.3 suites. */
import type { CipherName } from '../algorithms/cipher.ts'
import type { HashName } from '../algorithms/hash.ts'
import type { KeyExchangeName } from '../algorithms/key-exchange.ts'
import type { MacName } from '../algorithms/mac.ts'
import type { EffectivePolicy } from '../policy/effective-policy.ts'
import { translate, type Words } from './translate.ts'

/** Security levels, SSL_CTX_set_security_level(3), and the key size, in bits, that is below each. */
const LEVELS = [
  { below: 1023, level: 0 },
  { below: 2048, level: 1 },
  { below: 3072, level: 2 },
  { below: Number.POSITIVE_INFINITY, level: 3 },
] as const

const KEY_EXCHANGES: Words<KeyExchangeName> = {
  RSA: 'kRSA',
  ECDHE: 'kEECDH',
  PSK: 'kPSK',
  'DHE-PSK': 'kDHEPSK',
  'DHE-RSA': 'kEDH',
  'ECDHE-PSK': 'kECDHEPSK',
  'RSA-PSK': 'kRSAPSK',
  'VKO-GOST-2012': 'kGOST',
}

/** `-` removes and lets a later word add again; `!` removes for good. */
const WITHOUT_KEY_EXCHANGE: Words<KeyExchangeName> = {
  RSA: '-kRSA',
  ECDHE: '-kEECDH',
  'DHE-RSA': '-aRSA',
  'DHE-DSS': '-aDSS',
  PSK: '-kPSK',
  'DHE-PSK': '-kDHEPSK',
  'ECDHE-PSK': '-kECDHEPSK',
  'RSA-PSK': '-kRSAPSK',
}

const WITHOUT_CIPHER: Words<CipherName> = {
  'AES-256-GCM': '-AES256',
  'AES-128-GCM': '-AES128',
  'AES-256-CBC': '-SHA256',
  'CHACHA20-POLY1305': '-CHACHA20',
  'SEED-CBC': '-SEED',
  'IDEA-CBC': '!IDEA',
  'DES-CBC': '!DES',
  '3DES-CBC': '-3DES',
  'RC4-128': '!RC4',
  'RC2-CBC': '!RC2',
  NULL: ['!eNULL', '!aNULL'],
}

type Mode = { readonly word: string; readonly ciphers: readonly CipherName[] }

/** A mode goes where none of its ciphers is enabled. */
const MODES: readonly Mode[] = [
  {
    word: '-CBC',
    ciphers: [
      'DES-CBC',
      '3DES-CBC',
      'RC2-CBC',
      'IDEA-CBC',
      'AES-128-CBC',
      'AES-256-CBC',
      'CAMELLIA-128-CBC',
      'CAMELLIA-256-CBC',
      'SEED-CBC',
    ],
  },
  { word: '-AESCCM', ciphers: ['AES-128-CCM', 'AES-256-CCM'] },
  { word: '-AESGCM', ciphers: ['AES-128-GCM', 'AES-256-GCM'] },
]

const WITHOUT_MAC: Words<MacName> = {
  'HMAC-MD5': '!MD5',
  'HMAC-SHA1': '-SHA1',
}

/** Suites that hardly any peer negotiates: off under every policy, so that there is less to attack. */
const ALWAYS_WITHOUT = ['-SHA384', '-CAMELLIA', '-ARIA', '-AESCCM8']

type Suite = {
  readonly name: string
  readonly cipher: CipherName
  readonly hash: HashName
  readonly mac?: MacName
}

/** RFC 8446 appendix B.4; the last two, without encryption, RFC 9150. */
const SUITES: readonly Suite[] = [
  { name: 'TLS_AES_256_GCM_SHA384', cipher: 'AES-256-GCM', hash: 'SHA2-384' },
  { name: 'TLS_AES_128_GCM_SHA256', cipher: 'AES-128-GCM', hash: 'SHA2-256' },
  { name: 'TLS_CHACHA20_POLY1305_SHA256', cipher: 'CHACHA20-POLY1305', hash: 'SHA2-256' },
  { name: 'TLS_AES_128_CCM_SHA256', cipher: 'AES-128-CCM', hash: 'SHA2-256' },
  { name: 'TLS_SHA256_SHA256', cipher: 'NULL', hash: 'SHA2-256', mac: 'HMAC-SHA2-256' },
  { name: 'TLS_SHA384_SHA384', cipher: 'NULL', hash: 'SHA2-384', mac: 'HMAC-SHA2-384' },
]

/** The words of CipherString: what is on, then what that would bring along but the policy forbids. */
export function opensslCipherString(effective: EffectivePolicy): readonly string[] {
  const { enabled, disabled } = effective
  const modes = MODES.filter(({ ciphers }) => !ciphers.some((c) => enabled.cipher.includes(c)))
  return [
    `@SECLEVEL=${securityLevel(effective)}`,
    ...translate(enabled.key_exchange, KEY_EXCHANGES),
    ...translate(disabled.key_exchange, WITHOUT_KEY_EXCHANGE),
    ...translate(disabled.cipher, WITHOUT_CIPHER),
    ...modes.map(({ word }) => word),
    ...translate(disabled.mac, WITHOUT_MAC),
    ...ALWAYS_WITHOUT,
  ]
}

/** The TLS 1.3 suites, in the order of their ciphers. */
export function opensslCiphersuites({ enabled }: EffectivePolicy): readonly string[] {
  if (!enabled.protocol.includes('TLS1.3')) return []
  const suites = SUITES.filter(
    ({ hash, mac }) =>
      enabled.hash.includes(hash) && (mac === undefined || enabled.mac.includes(mac)),
  )
  return enabled.cipher.flatMap((cipher) =>
    suites.filter((suite) => suite.cipher === cipher).map(({ name }) => name),
  )
}

/** One level covers RSA and Diffie-Hellman together, so the smaller of the two decides. */
function securityLevel({ integers }: EffectivePolicy): number {
  const size = Math.min(integers.min_dh_size, integers.min_rsa_size)
  return LEVELS.find(({ below }) => size < below)?.level ?? 3
}
