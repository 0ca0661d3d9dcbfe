/** Random priority strings and configuration files, the same for the same seed. */
import { GNUTLS_RELEASES } from '../../src/priority/releases.ts'
import { vocabularyOf, wordsOf } from '../../src/priority/vocabulary.ts'

export type RandomCase = {
  readonly priority: string
  /** Text of the configuration file; undefined where there is none. */
  readonly config: string | undefined
}

/** A generator of numbers below a bound (mulberry32). */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound
  }

  chance(percent: number): boolean {
    return this.below(100) < percent
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T
  }

  list<T>(most: number, make: () => T): T[] {
    return Array.from({ length: this.below(most + 1) }, make)
  }
}

const newest = vocabularyOf('newest')
const LEVELS = [...newest.levels.keys()]
const OPTIONS = [...newest.options.keys()]
const WORDS = [...new Set(GNUTLS_RELEASES.flatMap((name) => wordsOf(vocabularyOf(name))))].filter(
  // What only a build with leancrypto knows is unknown to the gnutls-cli that is installed.
  (word) => !word.includes('MLKEM'),
)
const LIKELY = WORDS.filter((word) =>
  /^(VERS|AES|ECDHE|RSA$|AEAD|SHA|GROUP|CHACHA|SIGN-ALL)/.test(word),
)
const ODD = [
  ...['', '+', '-', '%', '+MAC-FOO', '-CIPHER-X', '+KX-', '+COMP-DEFLATE', '+CTYPE-OPENPGP'],
  ...['+VERS-TLS-ALLx', '-GROUP-ALL-X', '+GOSTING', '+VERS-TLS1.9', '+GROUP-FFDHE1024'],
  ...['ECDHE+AESGCM', 'HIGH', '!aNULL', '@SYSTEM', 'NONE', '+NONE', '-NORMAL', '%COMPAT2'],
  ...['+MD2', '+SHA3-256', '+MAC-NULL', '+GROUP-GC256A', '+CURVE-TC26-256-A', '%compat'],
]

/** One string with its configuration. */
export function randomCase(random: Random): RandomCase {
  const config = random.chance(45) ? randomConfig(random) : undefined
  const priority = random.chance(config ? 70 : 8) ? keywords(random) : priorityString(random)
  return { priority, config }
}

function keywords(random: Random): string {
  const keys = [random.pick(['LIBVIRT', 'QEMU', 'SYSTEM', 'libvirt', ''])]
  keys.push(...random.list(2, () => random.pick(['SYSTEM', 'SYSTEM', 'NONE', ' SYSTEM', 'QEMU'])))
  const additions = random.list(4, () => token(random)).join(':')
  const start = random.pick(['@', '@', '@', '@', ' @', '\t@'])
  const colon = random.pick([':', ':', ':', ':', ': ', ':,'])
  return `${start}${keys.join(',')}${additions && colon}${additions}`
}

function priorityString(random: Random): string {
  const first = random.chance(80)
    ? anyCase(random, random.pick([...LEVELS, 'NONE', 'NONE', 'NONE', 'NORMAL']))
    : token(random)
  const tokens = [first, ...random.list(random.pick([3, 10, 30]), () => token(random))]
  if (random.chance(1)) tokens.push(...Array.from({ length: 130 }, () => token(random)))
  const separator = (): string => random.pick([':', ':', ':', ':', ':', ': ', ':  '])
  const text = tokens.reduce((all, next) => all + separator() + next)
  return random.chance(2) ? ` ${text}` : text
}

function token(random: Random): string {
  if (random.chance(1)) return random.pick(ODD)
  if (random.chance(8)) return `%${random.pick(OPTIONS)}`
  if (random.chance(5)) return `${random.pick(['', '+'])}${random.pick(LEVELS)}`
  const sign = random.pick(['+', '+', '+', '-', '!'])
  return sign + anyCase(random, random.pick(random.chance(50) ? LIKELY : WORDS))
}

function anyCase(random: Random, word: string): string {
  return random.chance(5) ? word.toLowerCase() : word
}

const OVERRIDES: Readonly<Record<string, readonly string[]>> = {
  hash: ['SHA1', 'SHA256', 'SHA384', 'SHA512', 'MD5', 'STREEBOG-256', 'SHAKE-256', 'FOO'],
  sig: [
    ...['RSA-SHA256', 'RSA-PSS-SHA256', 'ECDSA-SHA256', 'ECDSA-SECP384R1-SHA384', 'rsa-sha1'],
    ...['EDDSA-ED25519', 'ML-DSA-44', 'RSA-MD5', 'NOPE'],
  ],
  version: ['TLS1.3', 'TLS1.2', 'TLS1.1', 'TLS1.0', 'DTLS1.2', 'DTLS1.0', 'SSL3.0', 'TLS9'],
  curve: ['SECP256R1', 'X25519', 'X448', 'Ed25519', 'secp521r1', 'TC26-256-B', 'TC26-256-A'],
  cipher: ['AES-256-GCM', 'AES-128-CBC', 'CHACHA20-POLY1305', 'NULL', 'ARCFOUR-40', 'AES-128-CFB'],
  mac: ['AEAD', 'SHA1', 'SHA256', 'SHA384', 'MD5', 'PBMAC1'],
  group: ['SECP256R1', 'GROUP-X25519', 'group-ffdhe2048', 'GC256B', 'X448', 'FFDHE1536'],
  kx: ['RSA', 'ECDHE-RSA', 'ECDHE-ECDSA', 'DHE-RSA', 'PSK', 'DHE-PSK', 'RSA-EXPORT', 'SRP'],
}
const KEYS: readonly (readonly [string, string, string])[] = [
  ['secure-hash', 'insecure-hash', 'hash'],
  ['secure-sig', 'insecure-sig', 'sig'],
  ['secure-sig-for-cert', 'insecure-sig-for-cert', 'sig'],
  ['enabled-version', 'disabled-version', 'version'],
  ['enabled-curve', 'disabled-curve', 'curve'],
  ['tls-enabled-cipher', 'tls-disabled-cipher', 'cipher'],
  ['tls-enabled-mac', 'tls-disabled-mac', 'mac'],
  ['tls-enabled-group', 'tls-disabled-group', 'group'],
  ['tls-enabled-kx', 'tls-disabled-kx', 'kx'],
]
const NOISE = [
  ...['# comment', '; comment', '', '   ', '\t', 'min-verification-profile = Medium'],
  ...['tls-session-hash = require', 'default-priority-string = NONE', 'unknown-key = 1'],
  ...['allow-rsa-pkcs1-encrypt = false', 'cert-compression-alg = zlib', '   AES-256-GCM'],
]
/** Lines after which GnuTLS ignores the whole file. */
const MALFORMED = ['no equals sign', '[unclosed', '[ overrides ; ]', 'key #= value']

function randomConfig(random: Random): string {
  const lines = random.chance(25) ? priorities(random) : sections(random)
  if (random.chance(3)) lines.splice(random.below(lines.length + 1), 0, random.pick(MALFORMED))
  const lineEnd = random.chance(4) ? '\r\n' : '\n'
  return (random.chance(2) ? '\ufeff' : '') + lines.join(lineEnd) + (random.chance(95) ? '\n' : '')
}

function sections(random: Random): string[] {
  const allowlist = random.chance(50)
  const mode = allowlist ? 'allowlist' : random.pick(['blocklist', 'blocklist', 'other'])
  const global = ['[global]', `override-mode = ${mode}`]
  const blocks = [
    random.chance(allowlist ? 100 : 60) ? global : [],
    ['[overrides]', ...overrides(random, allowlist)],
    [random.pick(['[priorities]', '[PRIORITIES]', '[priorities] x']), ...priorities(random)],
  ]
  if (random.chance(10)) blocks.push(['[provider]', 'url = pkcs11:'])
  if (random.chance(10)) blocks.reverse()
  return blocks.flat()
}

function overrides(random: Random, allowlist: boolean): string[] {
  const lines = random.list(random.pick([4, 40, 80]), () => {
    if (random.chance(6)) return random.pick(NOISE)
    const [allow, block, kind] = random.pick(KEYS)
    const key = random.chance(97) === allowlist ? allow : block
    const value = random.pick(OVERRIDES[kind] ?? [])
    return `${key}${random.pick([' = ', '=', ' : ', '  =\t'])}${value}${tail(random)}`
  })
  return lines
}

function tail(random: Random): string {
  return random.chance(90) ? '' : random.pick([' # why', ' ; why', '#why', ' more words', '  '])
}

function priorities(random: Random): string[] {
  const keys = ['SYSTEM', 'LIBVIRT', 'QEMU', 'libvirt', 'SYSTEM', '']
  return random.list(4, () => {
    if (random.chance(5)) return random.pick(['  +RSA', '# x', 'A B = NORMAL', '=NORMAL'])
    const value = random.chance(3) ? keywords(random) : priorityString(random)
    return `${random.pick(keys)}${random.pick([' = ', '=', ': '])}${value}${tail(random)}`
  })
}
