/** What libraries keep by the texts that are written for them, a row for each; OpenSSL has a file of its own. */
import type { SignatureName } from '../../algorithms/signature.ts'
import type { EffectivePolicy } from '../../policy/effective-policy.ts'
import type { PurposeName } from '../../policy/scope.ts'
import { JAVA_RULES } from './java-looseness.ts'
import type { LoosenessRule } from './looseness-rule.ts'
import { NSS_RULES } from './nss-looseness.ts'
import { SEQUOIA_RULES } from './sequoia-looseness.ts'

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

/** What BIND validates; it has given up DSA and GOST, and zones with SHA-1 count as not signed (RFC 9905). */
const BIND_ALGORITHMS = [
  ...['RSASHA256', 'RSASHA512', 'ECDSAP256SHA256', 'ECDSAP384SHA384', 'ED25519', 'ED448'],
]
const BIND_OLD_ALGORITHMS = ['RSASHA1', 'NSEC3RSASHA1']

/** Zones whose signatures BIND does not check. Without the hash of trust anchors, SHA-256, it answers from none. */
function findUncheckedZones(text: string): readonly string[] {
  const lines = new Set(text.split('\n'))
  const isDisabled = (name: string) => lines.has(`${name};`)
  if (isDisabled('SHA-256')) return []
  const disabled = BIND_ALGORITHMS.filter(isDisabled)
  if (disabled.length === BIND_ALGORITHMS.length && BIND_OLD_ALGORITHMS.every(isDisabled)) {
    return ['answers of signed zones, unchecked']
  }
  return disabled.length === 0
    ? []
    : [`answers of zones with ${disabled.join(' or ')} alone, unchecked`]
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
  ...JAVA_RULES,
  ...NSS_RULES,
  ...SEQUOIA_RULES,
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
    ...{ backend: 'krb5', purpose: 'krb5', id: 'krb5-empty', who: 'Kerberos' },
    because:
      'it takes an empty list of encryption types for none, and uses its own, which has RC4 and 3DES in some releases',
    remedy: 'leave AES-256-CBC with HMAC-SHA2-384, or another encryption type',
    // A line below the empty value is an error to it: its programs then use nothing, since they fail.
    find: (_, text) =>
      /^permitted_enctypes = \n$/m.test(text) ? [`${ALL} of encryption types`] : [],
  },
  {
    ...{ backend: 'bind', purpose: 'bind', id: 'bind-unchecked', who: 'BIND' },
    because:
      'it takes a zone whose algorithms are all disabled for one that is not signed, and answers from it unchecked',
    remedy: 'leave at least one signature algorithm for DNSSEC, and those that zones have',
    find: (_, text) => findUncheckedZones(text),
  },
]
