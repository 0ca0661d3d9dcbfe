/** Random policies for TLS: mostly what libraries have, so that most of them can be used. */
import { type AlgorithmClass, namesOf } from '../../../src/algorithms/algorithm-class.ts'
import type { Random } from '../../fuzz/random.ts'

/** How many values of a class are drawn at most, and of which. */
const CLASSES: readonly (readonly [AlgorithmClass, readonly string[]])[] = [
  ['protocol', ['TLS1.3', 'TLS1.2', 'TLS1.1', 'TLS1.0', 'SSL3.0', 'DTLS1.2', 'DTLS1.0']],
  ['key_exchange', ['ECDHE', 'RSA', 'DHE-RSA', 'DHE-DSS', 'PSK', 'DHE-PSK', 'ECDHE-PSK', 'ANON']],
  ['mac', ['AEAD', 'HMAC-SHA1', 'HMAC-SHA2-256', 'HMAC-SHA2-384', 'HMAC-MD5']],
  ['hash', ['SHA2-256', 'SHA2-384', 'SHA2-512', 'SHA1', 'SHAKE-256']],
  [
    'cipher',
    namesOf('cipher').filter((name) =>
      /^((AES|CAMELLIA)-(128|256)-(GCM|CCM|CBC)|CHA.*|3DES-CBC|RC4-128|NULL)$/.test(name),
    ),
  ],
  ['group', namesOf('group').filter((name) => !/^(BRAIN|FFDHE-1)/.test(name))],
  [
    'sign',
    namesOf('sign').filter((name) =>
      /^(RSA|DSA|ECDSA|EDDSA|RSA-PSS|RSA-PSS-RSAE|MLDSA..)(-SHA[123].*|-ED[^-]*)?$/.test(name),
    ),
  ],
]

/** What is below is written as `very_weak`, which GnuTLS does not know: gnutls-no-profile.test.ts. */
const SIZES = ['1024', '2048', '2049', '3072', '4096', '8192'] as const

/** The text of a policy: a baseline, then a few changes for TLS, of which some are for one library. */
export function drawPolicy(random: Random): string {
  const lines = CLASSES.map(([name, values]) => `${name} = ${drawSome(random, values).join(' ')}`)
  const changes = Array.from({ length: random.below(4) }, () => {
    const [name, values] = random.pick(CLASSES)
    const scope = random.pick(['tls', 'gnutls', 'openssl', '!gnutls', 'ssh'])
    const sign = random.pick(['+', '-'])
    return `${name}@${scope} = ${sign}${random.pick(values)}`
  })
  const sizes = ['rsa', 'dh', 'dsa', 'ec'].map((key) => `min_${key}_size = ${random.pick(SIZES)}`)
  return `${[...lines, ...changes, ...sizes].join('\n')}\n`
}

/** Every name that TLS has in policies, and sizes of keys below and between those of libraries. */
const EVERY_CLASS = CLASSES.map(([name]) => [name, namesOf(name)] as const)

const ODD_SIZES = ['0', '512', '1023', ...SIZES, '1536', '16384']

/**
 * The text of a policy of any names, few of them at times: where nothing is left that a library has, it
 * may take its own.
 */
export function drawAnyPolicy(random: Random): string {
  const lines = CLASSES.map(([name, usual]) => {
    const every: readonly string[] = namesOf(name)
    const values = drawSome(random, random.below(3) === 0 ? every : usual)
    return `${name} = ${values.slice(0, random.below(3) === 0 ? 1 : undefined).join(' ')}`
  })
  const changes = Array.from({ length: random.below(6) }, () => {
    const [name, values] = random.pick(EVERY_CLASS)
    return `${name} = ${random.pick(['+', '-', '-'])}${random.pick(values)}`
  })
  const sizes = ['rsa', 'dh'].map((key) => `min_${key}_size = ${random.pick(ODD_SIZES)}`)
  return `${[...lines, ...changes, ...sizes].join('\n')}\n`
}

/** The text of an application policy that takes some of everything away, and reorders nothing. */
export function drawRestrictions(random: Random): string {
  const lines = Array.from({ length: 1 + random.below(5) }, () => {
    const [name, values] = random.pick(CLASSES)
    const some = drawSome(random, values).slice(0, 1 + random.below(3))
    return `${name} = ${some.map((value) => `-${value}`).join(' ')}`
  })
  return `${lines.join('\n')}\n`
}

/** From one to all of the values, in any order; more often many. */
function drawSome(random: Random, values: readonly string[]): readonly string[] {
  const left = [...values]
  const count = Math.max(1 + random.below(values.length), 1 + random.below(values.length))
  return Array.from({ length: count }, () => left.splice(random.below(left.length), 1)[0] ?? '')
}

/** What SSH has, and a few values that it has no name for. */
const SSH_CLASSES: readonly (readonly [AlgorithmClass, readonly string[]])[] = [
  ['key_exchange', ['ECDHE', 'DHE', 'SNTRUP', 'KEM-ECDH', 'RSA', 'DHE-GSS', 'ECDHE-GSS']],
  ['mac', namesOf('mac').filter((name) => /^(HMAC-(SHA1|SHA2-.*|MD5)|UMAC.*|AEAD)$/.test(name))],
  ['hash', ['SHA1', 'SHA2-256', 'SHA2-384', 'SHA2-512', 'SHA3-256']],
  ['cipher', namesOf('cipher').filter((name) => /^(AES|CHA|3DES|NULL)/.test(name))],
  ['group', namesOf('group').filter((name) => !name.startsWith('BRAIN'))],
  ['sign', namesOf('sign').filter((name) => /^(RSA|DSA|ECDSA|EDDSA)/.test(name))],
]

/** The text of a policy for SSH, at times with next to nothing of a class. */
export function drawSshPolicy(random: Random): string {
  const lines = SSH_CLASSES.map(([name, values]) => {
    const some = drawSome(random, values)
    return `${name} = ${some.slice(0, random.below(4) === 0 ? 1 : undefined).join(' ')}`
  })
  const changes = Array.from({ length: random.below(4) }, () => {
    const [name, values] = random.pick(SSH_CLASSES)
    const scope = random.pick(['ssh', 'openssh', 'openssh-server', 'openssh-client', '!ssh'])
    return `${name}@${scope} = ${random.pick(['+', '-', '-'])}${random.pick(values)}`
  })
  const numbers = [
    `min_rsa_size = ${random.pick(['0', ...SIZES])}`,
    `arbitrary_dh_groups = ${random.below(2)}`,
    `ssh_certs = ${random.below(2)}`,
    `etm@SSH = ${random.pick(['ANY', 'DISABLE_ETM', 'DISABLE_NON_ETM'])}`,
  ]
  return `${[...lines, ...changes, ...numbers].join('\n')}\n`
}
