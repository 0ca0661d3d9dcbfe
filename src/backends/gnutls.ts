/**
 * GnuTLS 3.7.3 and later: a configuration file in allowlist mode
 * (GnuTLS manual, "System-wide configuration of the library").
 */
import type { GroupName } from '../algorithms/group.ts'
import type { HashName } from '../algorithms/hash.ts'
import type { SignatureName } from '../algorithms/signature.ts'
import type { EffectivePolicy } from '../policy/effective-policy.ts'
import { defineBackend } from './backend.ts'
import {
  GNUTLS_CIPHER_WORDS,
  GNUTLS_GROUP_WORDS,
  GNUTLS_KEY_EXCHANGE_WORDS,
  GNUTLS_MAC_WORDS,
  GNUTLS_SIGNATURE_WORDS,
  GNUTLS_VERSIONS,
  gnutlsProfile,
} from './gnutls-names.ts'
import { translate, type Words } from './translate.ts'

const HASHES: Words<HashName> = {
  SHA1: 'SHA1',
  MD5: 'MD5',
  'SHA2-224': 'SHA224',
  'SHA2-256': 'SHA256',
  'SHA2-384': 'SHA384',
  'SHA2-512': 'SHA512',
  'SHA3-224': 'SHA3-224',
  'SHA3-256': 'SHA3-256',
  'SHA3-384': 'SHA3-384',
  'SHA3-512': 'SHA3-512',
  'SHAKE-128': 'SHAKE-128',
  'SHAKE-256': 'SHAKE-256',
}

/** In allowlist mode a group works only where the curve beneath it is enabled as well. */
const GROUP_CURVES: Words<GroupName> = {
  X448: 'X448',
  X25519: 'X25519',
  SECP256R1: 'SECP256R1',
  SECP384R1: 'SECP384R1',
  SECP521R1: 'SECP521R1',
  'MLKEM768-X25519': 'X25519',
  'P256-MLKEM768': 'SECP256R1',
  'P384-MLKEM1024': 'SECP384R1',
}

/** The same for signatures that fix their curve. */
const SIGNATURE_CURVES: Words<SignatureName> = {
  'EDDSA-ED448': 'Ed448',
  'EDDSA-ED25519': 'Ed25519',
}

const SHA1_CERTIFICATE_SIGNATURES = ['rsa-sha1', 'dsa-sha1', 'ecdsa-sha1']

/** Extended master secret, RFC 7627. By default the library decides. */
const SESSION_HASH = {
  DEFAULT: [],
  ENFORCE: ['require'],
  RELAX: ['request'],
} as const satisfies Record<EffectivePolicy['choices']['__ems'], readonly string[]>

export const gnutls = defineBackend({
  name: 'gnutls',
  title: 'GnuTLS',
  purposes: ['gnutls'],
  print: ({ gnutls: effective }) =>
    [
      '[global]',
      'override-mode = allowlist',
      '',
      '[overrides]',
      ...overrides(effective).flatMap(([key, values]) =>
        values.map((value) => `${key} = ${value}`),
      ),
      '',
      '[priorities]',
      'SYSTEM=NONE',
      '',
    ].join('\n'),
})

/** Each key with its values, in the order of the file. */
function overrides(effective: EffectivePolicy): readonly (readonly [string, readonly string[]])[] {
  const { enabled, integers, choices } = effective
  const signatures = translate(enabled.sign, GNUTLS_SIGNATURE_WORDS)
  return [
    ['secure-hash', translate(enabled.hash, HASHES)],
    ['tls-enabled-mac', translate(enabled.mac, GNUTLS_MAC_WORDS)],
    ['tls-enabled-group', translate(enabled.group, GNUTLS_GROUP_WORDS)],
    ['secure-sig', signatures],
    ['secure-sig-for-cert', signatures],
    ['secure-sig-for-cert', integers.sha1_in_certs > 0 ? SHA1_CERTIFICATE_SIGNATURES : []],
    ['enabled-curve', curves(effective)],
    ['tls-enabled-cipher', translate(enabled.cipher, GNUTLS_CIPHER_WORDS)],
    ['tls-enabled-kx', translate(enabled.key_exchange, GNUTLS_KEY_EXCHANGE_WORDS)],
    ['enabled-version', translate(enabled.protocol, GNUTLS_VERSIONS)],
    ['tls-session-hash', SESSION_HASH[choices.__ems]],
    ['min-verification-profile', [gnutlsProfile(effective)]],
  ]
}

function curves({ enabled }: EffectivePolicy): readonly string[] {
  const groups = translate(enabled.group, GROUP_CURVES)
  return [...new Set([...groups, ...translate(enabled.sign, SIGNATURE_CURVES)])]
}
