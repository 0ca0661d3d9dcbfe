/** What libraries keep by the texts that are written for them, a row for each; OpenSSL has a file of its own. */
import type { GroupName } from '../../algorithms/group.ts'
import { type ProtocolName, versionsOf } from '../../algorithms/protocol.ts'
import type { SignatureName } from '../../algorithms/signature.ts'
import type { EffectivePolicy } from '../../policy/effective-policy.ts'
import type { PurposeName } from '../../policy/scope.ts'
import type { LoosenessDescription } from './looseness-rule.ts'

export type LoosenessRule = LoosenessDescription & {
  /** What the library keeps although the policy forbids it. */
  readonly find: (effective: EffectivePolicy, text: string) => readonly string[]
}

const RANGED_VERSIONS: readonly ProtocolName[] = [
  ...(['TLS1.3', 'TLS1.2', 'TLS1.1', 'TLS1.0', 'SSL3.0'] as const),
  ...(['DTLS1.2', 'DTLS1.0'] as const),
]

const ALL = 'all that it has built in'

/** Forbidden although the library has it and has no word for it. */
function forbidden<Name extends string>(disabled: readonly string[], names: readonly Name[]) {
  return names.filter((name) => disabled.includes(name))
}

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

const PSS: readonly SignatureName[] = [
  ...(['RSA-PSS-SHA2-256', 'RSA-PSS-SHA2-384', 'RSA-PSS-SHA2-512'] as const),
  ...(['RSA-PSS-RSAE-SHA2-256', 'RSA-PSS-RSAE-SHA2-384', 'RSA-PSS-RSAE-SHA2-512'] as const),
]

/** Ciphers that NSS has in suites with AEAD, and in suites that derive keys with SHA-256. */
const NSS_AEAD = /^(AES-(128|256)-GCM|CHACHA20-POLY1305)$/
const NSS_SHA256 = /^(AES-128-GCM|CHACHA20-POLY1305|(AES|CAMELLIA)-(128|256)-CBC|3DES-CBC)$/

const FFDHE: readonly GroupName[] = [
  ...(['FFDHE-2048', 'FFDHE-3072', 'FFDHE-4096', 'FFDHE-6144', 'FFDHE-8192'] as const),
]

/** Primes that SSH programs agree upon where they choose any, in bits: RFC 8270. */
const SSH_PRIME_BITS = 2048

function sshPrimeRule(backend: string, purposeName: PurposeName, who: string): LoosenessRule {
  return {
    ...{ backend, purpose: purposeName, id: `${backend}-dh-size`, who },
    because: 'no option says how large the prime of a group exchange has to be',
    remedy: 'set arbitrary_dh_groups to 0, or take small primes out of /etc/ssh/moduli on servers',
    find: ({ integers }, text) =>
      integers.min_dh_size > SSH_PRIME_BITS && text.includes('diffie-hellman-group-exchange-')
        ? [`group exchanges with primes of ${SSH_PRIME_BITS} bits`]
        : [],
  }
}

/** What libssh asks of RSA keys by itself, in bits; what is smaller than 2048 bits is seldom made any more. */
const LIBSSH_RSA = { least: 1024, usual: 2048 }

/** What SECLEVEL asks of RSA and Diffie-Hellman keys, in bits: SSL_CTX_set_security_level(3). */
const LEVEL_BITS = [0, 1024, 2048, 3072]

/** What each profile asks of RSA and Diffie-Hellman keys, in bits: GnuTLS manual, key sizes. */
const PROFILE_BITS: Readonly<Record<string, number>> = {
  ...{ low: 1024, medium: 2048, high: 3072, ultra: 8192, future: 15360 },
}

/** Sizes below what is asked for that pass all the same. */
function smallKeys({ integers }: EffectivePolicy, bits: number): readonly string[] {
  return [
    ...(integers.min_rsa_size > bits ? [`RSA keys of ${bits} bits`] : []),
    ...(integers.min_dh_size > bits ? [`Diffie-Hellman keys of ${bits} bits`] : []),
  ]
}

export const TEXT_RULES: readonly LoosenessRule[] = [
  {
    ...{ backend: 'gnutls', purpose: 'gnutls', id: 'gnutls-key-sizes', who: 'GnuTLS' },
    because: 'one profile stands for RSA and Diffie-Hellman together, and the smaller size decides',
    remedy: 'give min_rsa_size and min_dh_size one value',
    find: (effective, text) => {
      const profile = /^min-verification-profile = (.*)$/m.exec(text)?.[1] ?? ''
      return smallKeys(effective, PROFILE_BITS[profile] ?? Number.POSITIVE_INFINITY)
    },
  },
  {
    ...{ backend: 'gnutls', purpose: 'gnutls', id: 'gnutls-no-profile', who: 'GnuTLS' },
    because:
      'sizes up to 768 bits are written as very_weak, a profile that no release knows by that name, so that it asks for no size',
    remedy: 'set min_rsa_size and min_dh_size to 1024 at least',
    find: ({ integers }, text) =>
      text.includes('\nmin-verification-profile = very_weak\n')
        ? [
            ...(integers.min_rsa_size > 0 ? ['RSA keys of any size'] : []),
            ...(integers.min_dh_size > 0 ? ['Diffie-Hellman keys of any size'] : []),
          ]
        : [],
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
    ...{ backend: 'java', purpose: 'java-tls', id: 'java-tls13-suites', who: 'Java before 25' },
    because:
      'the words AES_256_GCM and AES_128_GCM do not reach the suites of TLS 1.3; those for HMAC do',
    remedy:
      'start programs with -Djdk.tls.client.cipherSuites and -Djdk.tls.server.cipherSuites, or forbid HMAC-SHA2-384 or HMAC-SHA2-256 too',
    find: ({ disabled, enabled }) => [
      ...(enabled.mac.includes('HMAC-SHA2-384') ? forbidden(disabled.cipher, ['AES-256-GCM']) : []),
      ...(enabled.mac.includes('HMAC-SHA2-256') ? forbidden(disabled.cipher, ['AES-128-GCM']) : []),
    ],
  },
  {
    ...{ backend: 'java', purpose: 'java-tls', id: 'java-suites', who: 'Java' },
    because:
      'it has no words for AEAD, for the hash of a suite, and for the key exchange RSA with 3DES; suites with AEAD go with the HMAC of their hash',
    remedy: 'forbid the ciphers or the HMAC that need the part',
    find: ({ disabled, enabled: { mac, cipher } }) => {
      const has256 = mac.includes('HMAC-SHA2-256')
      const has384 = mac.includes('HMAC-SHA2-384')
      const hasSha1 =
        mac.includes('HMAC-SHA1') && cipher.some((name) => /^(3DES|AES-\d+)-CBC/.test(name))
      return [
        ...(has256 || has384 ? forbidden(disabled.mac, ['AEAD']) : []),
        ...(has256 || hasSha1 ? forbidden(disabled.hash, ['SHA2-256']) : []),
        ...(has384 ? forbidden(disabled.hash, ['SHA2-384']) : []),
        ...(mac.includes('HMAC-SHA1') && cipher.includes('3DES-CBC')
          ? forbidden(disabled.key_exchange, ['RSA'])
          : []),
      ]
    },
  },
  {
    ...{ backend: 'java', purpose: 'java-tls', id: 'java-pss', who: 'Java' },
    because:
      'the words for signatures with RSA-PSS, such as SHA256withRSAandMGF1, do not reach TLS',
    remedy:
      'start programs with -Djdk.tls.client.SignatureSchemes and -Djdk.tls.server.SignatureSchemes',
    // Without a size all keys of the kind RSA go, and those that are bound to the padding stay.
    find: ({ disabled, integers }) =>
      forbidden(disabled.sign, PSS).filter(
        (name) => integers.min_rsa_size > 0 || !name.includes('RSAE'),
      ),
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
    find: ({ disabled }) => forbidden(disabled.group, FFDHE),
  },
  {
    ...{ backend: 'nss', purpose: 'nss-tls', id: 'nss-suites', who: 'NSS' },
    because: 'its policy has no words for AEAD and for the hash of a suite',
    remedy: 'forbid the ciphers that need the part',
    find: ({ disabled, enabled: { cipher } }) => {
      const hasAny = (pattern: RegExp): boolean => cipher.some((name) => pattern.test(name))
      return [
        ...(hasAny(NSS_AEAD) ? forbidden(disabled.mac, ['AEAD']) : []),
        ...(hasAny(NSS_SHA256) ? forbidden(disabled.hash, ['SHA2-256']) : []),
        ...(hasAny(/^AES-256-GCM$/) ? forbidden(disabled.hash, ['SHA2-384']) : []),
      ]
    },
  },
  {
    ...{ backend: 'nss', purpose: 'nss-tls', id: 'nss-signatures', who: 'NSS' },
    because: 'it is told kinds of keys and hashes, and takes every pair of them',
    remedy: 'forbid the hash, or the kind of key, altogether',
    find: ({ enabled, disabled }) => crossedSignatures(enabled, disabled.sign),
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
  sshPrimeRule('libssh', 'libssh', 'libssh'),
  sshPrimeRule('openssh', 'openssh-client', 'OpenSSH client'),
  sshPrimeRule('opensshserver', 'openssh-server', 'OpenSSH server'),
  {
    ...{ backend: 'libssh', purpose: 'libssh', id: 'libssh-key-sizes', who: 'libssh' },
    because: 'its configuration has no word for the size of RSA keys',
    remedy: 'set SSH_OPTIONS_RSA_MIN_SIZE in the programs, or forbid RSA for libssh',
    find: ({ integers }, text) =>
      integers.min_rsa_size > LIBSSH_RSA.usual && /[ ,](ssh-rsa|rsa-sha2-)/.test(text)
        ? [`RSA keys of ${LIBSSH_RSA.least} bits`]
        : [],
  },
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
    find: ({ disabled, integers }) => [
      ...forbidden(disabled.sign, SSH_HOST_KEYS).map((name) => `host keys with ${name}`),
      ...(integers.ssh_certs === 0 ? ['certificates of hosts'] : []),
    ],
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
  enabled: EffectivePolicy['enabled'],
  disabled: readonly string[],
): readonly string[] {
  const parts = (name: string) => /^(RSA-PSS-RSAE|RSA-PSS|RSA|ECDSA|DSA)-(SHA[0-9-]+)$/.exec(name)
  const keys = new Set<string>(enabled.sign.flatMap(keysTold))
  const hashes = new Set<string>([
    ...enabled.hash,
    ...enabled.sign.flatMap((name) => parts(name)?.[2] ?? []),
  ])
  return disabled.filter((name) => {
    const [, key, hash] = parts(name) ?? []
    return (
      key !== undefined && hash !== undefined && keys.has(key) && hashes.has(hash) && HAS.test(name)
    )
  })
}

/** The kinds of keys that NSS is told for a signature: one with RSA-PSS needs RSA, and any padding goes with that. */
function keysTold(name: string): readonly string[] {
  if (name.startsWith('RSA-PSS-')) return ['RSA', 'RSA-PSS', 'RSA-PSS-RSAE']
  return /^(?:RSA|ECDSA|DSA)(?=-)/.exec(name) ?? []
}

/** Pairs that NSS offers in TLS. */
const HAS = /^(?:(?:RSA|ECDSA|DSA)-SHA(?:1|2-(?:256|384|512))|RSA-PSS-RSAE-SHA2-(?:256|384|512))$/
