/**
 * What back-ends cannot say: where a library goes on allowing what the policy forbids.
 *
 * The texts stay as every configuration published so far has them, so the one thing left is to tell.
 * Each row was tried with the library; docs/back-ends-cannot-say.md shows them all.
 */
import type { CipherName } from '../algorithms/cipher.ts'
import type { GroupName } from '../algorithms/group.ts'
import { type ProtocolFamily, type ProtocolName, versionsOf } from '../algorithms/protocol.ts'
import type { SignatureName } from '../algorithms/signature.ts'
import { type EffectivePolicy, evaluatePolicy } from '../policy/effective-policy.ts'
import type { Policy } from '../policy/policy.ts'
import { type PurposeName, purpose } from '../policy/scope.ts'
import { findBackend } from './all-backends.ts'

export type LoosenessRule = {
  /** The back-end's name. */
  readonly backend: string
  readonly purpose: PurposeName
  /** Stable, for the page: `java-tls13`. */
  readonly id: string
  /** The program as people call it, with the releases that are meant. */
  readonly who: string
  /** The first release of OpenSSL that can be told. */
  readonly until?: string
  /** Why it cannot be said. */
  readonly because: string
  /** What an administrator can do. */
  readonly remedy: string
  /** What the library keeps although the policy forbids it. */
  readonly find: (effective: EffectivePolicy, text: string) => readonly string[]
}

export type Looseness = Pick<
  LoosenessRule,
  'backend' | 'id' | 'who' | 'until' | 'because' | 'remedy'
> & {
  readonly kept: readonly string[]
}

const ALL = 'all that it has built in'

/** Forbidden although the library has it and has no word for it. */
function forbidden<Name extends string>(disabled: readonly string[], names: readonly Name[]) {
  return names.filter((name) => disabled.includes(name))
}

/** A range has no holes, and each end is an enabled version. */
function holes(
  { enabled, disabled }: EffectivePolicy,
  family: ProtocolFamily,
  known: readonly ProtocolName[],
): readonly string[] {
  const order = versionsOf(family, known)
  const places = order.flatMap((name, at) => (enabled.protocol.includes(name) ? [at] : []))
  return order.filter(
    (name, at) =>
      disabled.protocol.includes(name) && at > Math.min(...places) && at < Math.max(...places),
  )
}

const RANGED_VERSIONS: readonly ProtocolName[] = [
  ...(['TLS1.3', 'TLS1.2', 'TLS1.1', 'TLS1.0', 'SSL3.0'] as const),
  ...(['DTLS1.2', 'DTLS1.0'] as const),
]

/** Whether a file has no line for an option: OpenSSH, libssh and Libreswan then use their own. */
function lacksLine(text: string, option: string): boolean {
  return !new RegExp(`^\\s*${option}[ =]`, 'm').test(text)
}

const SSH_OPTIONS = [
  { option: 'Ciphers', what: 'ciphers' },
  { option: 'MACs', what: 'message authentication' },
  { option: 'KexAlgorithms', what: 'key exchanges' },
  { option: '(?:PubkeyAccepted(?:Algorithms|KeyTypes))', what: 'signatures' },
] as const

function sshRule(backend: string, purposeName: PurposeName, who: string): LoosenessRule {
  return {
    ...{ backend, purpose: purposeName, id: `${backend}-empty`, who },
    because:
      'an option without a value is an error to it, so a class of which nothing is left has no line',
    remedy: 'leave at least one algorithm that it has',
    find: (_, text) =>
      SSH_OPTIONS.filter(({ option }) => lacksLine(text, option)).map(
        ({ what }) => `${ALL} of ${what}`,
      ),
  }
}

/** What ssh takes of host keys by itself; no line of the file limits it. */
const SSH_HOST_KEYS: readonly SignatureName[] = [
  ...(['EDDSA-ED25519', 'EDDSA-ED25519-FIDO', 'ECDSA-SHA2-256-FIDO'] as const),
  ...(['ECDSA-SHA2-256', 'ECDSA-SHA2-384', 'ECDSA-SHA2-512'] as const),
  ...(['RSA-SHA2-256', 'RSA-SHA2-512'] as const),
]

/** The defaults of OpenSSL 3.0, which takes a list with `*`, `?` or `/` for an error. */
const OPENSSL_30_GROUPS: readonly GroupName[] = [
  ...(['X25519', 'SECP256R1', 'X448', 'SECP521R1', 'SECP384R1'] as const),
  ...(['FFDHE-2048', 'FFDHE-3072', 'FFDHE-4096', 'FFDHE-6144', 'FFDHE-8192'] as const),
]

const OPENSSL_SIGNATURES: readonly SignatureName[] = [
  ...([
    'ECDSA-SHA2-256',
    'ECDSA-SHA2-384',
    'ECDSA-SHA2-512',
    'EDDSA-ED25519',
    'EDDSA-ED448',
  ] as const),
  ...(['RSA-PSS-SHA2-256', 'RSA-PSS-SHA2-384', 'RSA-PSS-SHA2-512'] as const),
  ...(['RSA-PSS-RSAE-SHA2-256', 'RSA-PSS-RSAE-SHA2-384', 'RSA-PSS-RSAE-SHA2-512'] as const),
  ...(['RSA-SHA2-256', 'RSA-SHA2-384', 'RSA-SHA2-512', 'ECDSA-SHA2-224', 'RSA-SHA2-224'] as const),
]

const FFDHE: readonly GroupName[] = [
  ...(['FFDHE-2048', 'FFDHE-3072', 'FFDHE-4096', 'FFDHE-6144', 'FFDHE-8192'] as const),
]

/** What it still makes, where it is not told a range. */
const OPENSSL_TLS: readonly ProtocolName[] = ['TLS1.3', 'TLS1.2', 'TLS1.1', 'TLS1.0']

/** What SECLEVEL asks of RSA and Diffie-Hellman keys, in bits: SSL_CTX_set_security_level(3). */
const LEVEL_BITS = [0, 1024, 2048, 3072]

/** What each profile asks of RSA and Diffie-Hellman keys, in bits: GnuTLS manual, key sizes. */
const PROFILE_BITS: Readonly<Record<string, number>> = {
  ...{ very_weak: 768, low: 1024, medium: 2048, high: 3072, ultra: 8192, future: 15360 },
}

/** Sizes below what is asked for that pass all the same. */
function smallKeys({ integers }: EffectivePolicy, bits: number): readonly string[] {
  return [
    ...(integers.min_rsa_size > bits ? [`RSA keys of ${bits} bits`] : []),
    ...(integers.min_dh_size > bits ? [`Diffie-Hellman keys of ${bits} bits`] : []),
  ]
}

export const LOOSENESS_RULES: readonly LoosenessRule[] = [
  {
    ...{ backend: 'gnutls', purpose: 'gnutls', id: 'gnutls-key-sizes', who: 'GnuTLS' },
    because: 'one profile stands for RSA and Diffie-Hellman together, and the smaller size decides',
    remedy: 'give min_rsa_size and min_dh_size one value',
    find: (effective, text) => {
      const profile = /^min-verification-profile = (.*)$/m.exec(text)?.[1] ?? ''
      return smallKeys(effective, PROFILE_BITS[profile] ?? 0)
    },
  },
  {
    ...{ backend: 'java', purpose: 'java-tls', id: 'java-versions', who: 'Java' },
    because: 'its list of forbidden versions never holds TLS 1.3 and DTLS 1.2',
    remedy: 'start programs with -Djdk.tls.client.protocols and -Djdk.tls.server.protocols',
    find: ({ disabled }) => forbidden(disabled.protocol, ['TLS1.3', 'DTLS1.2'] as const),
  },
  {
    ...{
      backend: 'java',
      purpose: 'java-tls',
      id: 'java-hybrid-groups',
      who: 'Java 25 and later',
    },
    because: 'its list of forbidden groups never holds the hybrid group with ML-KEM that it has',
    remedy: 'start programs with -Djdk.tls.namedGroups',
    find: ({ disabled, enabled }) =>
      enabled.protocol.includes('TLS1.3') || disabled.protocol.includes('TLS1.3')
        ? forbidden(disabled.group, ['MLKEM768-X25519'] as const)
        : [],
  },
  {
    ...{ backend: 'nss', purpose: 'nss-tls', id: 'nss-versions', who: 'NSS' },
    because:
      'its configuration is given the lowest version only, and none where the policy has no version at all',
    remedy:
      'limit the highest version in the programs, such as security.tls.version.max of Firefox',
    find: (effective) => nssVersions(effective),
  },
  {
    ...{ backend: 'nss', purpose: 'nss-tls', id: 'nss-ffdhe', who: 'NSS' },
    because: 'its policy has no names for the groups of RFC 7919',
    remedy: 'take away the key exchange DHE-RSA for nss, and turn the groups off in the programs',
    find: ({ disabled, enabled }) =>
      enabled.key_exchange.includes('DHE-RSA') || enabled.protocol.includes('TLS1.3')
        ? forbidden(disabled.group, FFDHE)
        : [],
  },
  {
    ...{ backend: 'nss', purpose: 'nss-tls', id: 'nss-signatures', who: 'NSS' },
    because: 'it is told kinds of keys and hashes, and takes every pair of them',
    remedy: 'forbid the hash, or the kind of key, altogether',
    find: ({ enabled, disabled }) => crossedSignatures(enabled.sign, disabled.sign),
  },
  {
    ...{ backend: 'opensslcnf', purpose: 'openssl', id: 'openssl-versions', who: 'OpenSSL' },
    because: 'it is told the lowest and the highest version',
    remedy: 'forbid the versions below too',
    find: (effective) => [
      ...holes(effective, 'tls', RANGED_VERSIONS),
      ...holes(effective, 'dtls', RANGED_VERSIONS),
    ],
  },
  {
    ...{ backend: 'opensslcnf', purpose: 'openssl', id: 'openssl-no-versions', who: 'OpenSSL' },
    because: 'the range that is to hold no version has ends that it does not take, and leaves out',
    remedy: 'leave at least one version of TLS, and one of DTLS',
    find: ({ disabled }, text) => [
      ...(text.includes('# Disable all TLS') ? forbidden(disabled.protocol, OPENSSL_TLS) : []),
      ...(text.includes('# Disable all DTLS')
        ? forbidden(disabled.protocol, ['DTLS1.2'] as const)
        : []),
    ],
  },
  {
    ...{
      backend: 'opensslcnf',
      purpose: 'openssl',
      id: 'openssl-groups',
      who: 'OpenSSL before 3.5',
      until: '3.5',
    },
    because: 'it takes the marks *, ? and / in Groups for an error, and uses its own list',
    remedy: 'set Groups in the programs, or install OpenSSL 3.5',
    find: ({ disabled }) => forbidden(disabled.group, OPENSSL_30_GROUPS),
  },
  {
    ...{
      backend: 'opensslcnf',
      purpose: 'openssl',
      id: 'openssl-marked-signatures',
      who: 'OpenSSL before 3.3',
      until: '3.3',
    },
    because: 'it takes the mark ? in SignatureAlgorithms for an error, and uses its own list',
    remedy: 'take signatures that have ML-DSA in them away, or install a newer OpenSSL',
    find: ({ disabled }, text) =>
      /^SignatureAlgorithms = .*\?/m.test(text) ? forbidden(disabled.sign, OPENSSL_SIGNATURES) : [],
  },
  {
    ...{ backend: 'opensslcnf', purpose: 'openssl', id: 'openssl-no-signatures', who: 'OpenSSL' },
    because: 'it takes an empty list for an error',
    remedy: 'leave at least one signature algorithm',
    find: (_, text) => (/^SignatureAlgorithms = $/m.test(text) ? [`${ALL} of signatures`] : []),
  },
  {
    ...{ backend: 'opensslcnf', purpose: 'openssl', id: 'openssl-ciphers', who: 'OpenSSL' },
    because:
      'CipherString has words for CBC and for CCM as a whole, and none for AES-128-CBC alone',
    remedy: 'forbid all ciphers with CBC, or all with CCM',
    find: (effective) => keptCiphers(effective),
  },
  {
    ...{ backend: 'opensslcnf', purpose: 'openssl', id: 'openssl-key-sizes', who: 'OpenSSL' },
    because:
      'one level stands for RSA and Diffie-Hellman together, and there are levels for 1024, 2048 and 3072 bits only',
    remedy: 'give min_rsa_size and min_dh_size one value, of these three',
    find: (effective, text) => {
      const level = Number(/@SECLEVEL=(\d)/.exec(text)?.[1] ?? 0)
      return smallKeys(effective, LEVEL_BITS[level] ?? 0)
    },
  },
  sshRule('libssh', 'libssh', 'libssh'),
  sshRule('openssh', 'openssh-client', 'OpenSSH client'),
  sshRule('opensshserver', 'openssh-server', 'OpenSSH server'),
  {
    ...{
      backend: 'openssh',
      purpose: 'openssh-client',
      id: 'openssh-host-keys',
      who: 'OpenSSH client',
    },
    because:
      'the file has no HostKeyAlgorithms, so that ssh goes on preferring the host keys that it knows',
    remedy: 'set HostKeyAlgorithms in ssh_config',
    find: ({ disabled }) =>
      forbidden(disabled.sign, SSH_HOST_KEYS).map((name) => `host keys with ${name}`),
  },
  {
    ...{ backend: 'libreswan', purpose: 'libreswan', id: 'libreswan-empty', who: 'Libreswan' },
    because:
      'a list of which nothing is left has no line, and a proposal without a group gets the usual ones',
    remedy: 'leave at least one algorithm that it has',
    find: (effective, text) => [
      ...(lacksLine(text, 'ike') ? [`${ALL} of IKE`] : []),
      ...(lacksLine(text, 'esp') ? [`${ALL} of ESP`] : []),
      ...(lacksLine(text, 'authby') ? [`${ALL} of authentication`] : []),
      ...(/^\tike=(?!.*-dh)/m.test(text) ? [`${ALL} of groups`] : []),
      ...(effective.enabled.protocol.some((name) => name.startsWith('IKE')) ? [] : ['IKEv2']),
    ],
  },
  {
    ...{ backend: 'krb5', purpose: 'krb5', id: 'krb5-dh-size', who: 'Kerberos' },
    because: 'pkinit_dh_min_bits goes no further than 4096',
    remedy: 'turn PKINIT off, or ask for less',
    find: ({ integers }) =>
      integers.min_dh_size > 4096 ? ['Diffie-Hellman groups of 4096 bits'] : [],
  },
  {
    ...{ backend: 'bind', purpose: 'bind', id: 'bind-unchecked', who: 'BIND' },
    because:
      'it takes a zone whose algorithms are all disabled for one that is not signed, and answers from it unchecked',
    remedy: 'leave at least one signature algorithm and one hash for DNSSEC',
    find: ({ enabled }) =>
      enabled.sign.length === 0 || enabled.hash.length === 0
        ? ['answers of signed zones, unchecked']
        : [],
  },
]

/** Everything that a policy forbids and a library keeps, as far as these rules tell. */
export function findLooseness(
  policy: Policy,
  rules: readonly LoosenessRule[] = LOOSENESS_RULES,
): readonly Looseness[] {
  return rules.flatMap(({ find, purpose: name, ...rule }) => {
    const effective = evaluatePolicy(policy, purpose(name).scopes)
    const text = findBackend(rule.backend)?.generate(policy) ?? ''
    const kept = find(effective, text)
    return kept.length === 0 ? [] : [{ ...rule, kept }]
  })
}

/** The word for a mode takes away all of it; the word for 128 or 256 bits goes with GCM. */
function keptCiphers({ enabled, disabled }: EffectivePolicy): readonly string[] {
  const isOn = (name: CipherName) => enabled.cipher.includes(name)
  const hasSha1 = enabled.mac.includes('HMAC-SHA1')
  const hasSha2 = enabled.mac.includes('HMAC-SHA2-256') || disabled.cipher.includes('AES-256-CBC')
  const kept: readonly (readonly [CipherName, boolean])[] = [
    ['AES-128-CBC', isOn('AES-128-GCM') && isOn('AES-256-CBC') && (hasSha1 || hasSha2)],
    ['AES-256-CBC', isOn('AES-256-GCM') && isOn('AES-128-CBC') && hasSha1],
    ['AES-128-CCM', isOn('AES-128-GCM') && isOn('AES-256-CCM')],
    ['AES-256-CCM', isOn('AES-256-GCM') && isOn('AES-128-CCM')],
  ]
  return kept.filter(([name, isKept]) => isKept && !isOn(name)).map(([name]) => name)
}

function nssVersions(effective: EffectivePolicy): readonly string[] {
  const { enabled, disabled } = effective
  return (['tls', 'dtls'] as const).flatMap((family) => {
    const order = versionsOf(family, RANGED_VERSIONS)
    const lowest = order.findLastIndex((name) => enabled.protocol.includes(name))
    const reachable = lowest < 0 ? order : order.slice(0, lowest)
    // Where only versions that NSS does not know are left, its bound is above all versions.
    const isShut = lowest < 0 && versionsOf(family, enabled.protocol).length > 0
    return isShut ? [] : reachable.filter((name) => disabled.protocol.includes(name))
  })
}

/** `ECDSA-SHA1` where ECDSA is enabled with another hash, and SHA1 with another key. */
function crossedSignatures(
  enabled: readonly string[],
  disabled: readonly string[],
): readonly string[] {
  const parts = (name: string) => /^(RSA-PSS-RSAE|RSA-PSS|RSA|ECDSA|DSA)-(SHA[0-9-]+)$/.exec(name)
  const keys = new Set(enabled.flatMap((name) => parts(name)?.[1] ?? []))
  const hashes = new Set(enabled.flatMap((name) => parts(name)?.[2] ?? []))
  return disabled.filter((name) => {
    const [, key, hash] = parts(name) ?? []
    return (
      key !== undefined && hash !== undefined && keys.has(key) && hashes.has(hash) && HAS.test(name)
    )
  })
}

/** Pairs that NSS can make in TLS: it has no SHA3 and no SHA1 with RSA-PSS there. */
const HAS = /^(?:RSA|ECDSA)-SHA(?:1|2-)|^RSA-PSS-(?:RSAE-)?SHA2-(?:256|384|512)$/
