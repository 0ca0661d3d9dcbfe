/** MIT Kerberos: permitted encryption types (krb5.conf(5), libdefaults). */
import type { CipherName } from '../algorithms/cipher.ts'
import type { MacName } from '../algorithms/mac.ts'
import type { EffectivePolicy } from '../policy/effective-policy.ts'
import { defineBackend } from './backend.ts'
import { translate, type Words } from './translate.ts'

/** AES encryption types name cipher and MAC, RFC 3962 and RFC 8009. */
const AES_TYPES: { readonly [Mac in MacName]?: Words<CipherName> } = {
  'HMAC-SHA1': {
    'AES-256-CBC': 'aes256-cts-hmac-sha1-96',
    'AES-128-CBC': 'aes128-cts-hmac-sha1-96',
  },
  'HMAC-SHA2-256': { 'AES-128-CBC': 'aes128-cts-hmac-sha256-128' },
  'HMAC-SHA2-384': { 'AES-256-CBC': 'aes256-cts-hmac-sha384-192' },
}

/** Camellia authenticates with CMAC, which no policy names: RFC 6803. */
const CAMELLIA_TYPES: Words<CipherName> = {
  'CAMELLIA-256-CBC': 'camellia256-cts-cmac',
  'CAMELLIA-128-CBC': 'camellia128-cts-cmac',
}

/** krb5.conf(5) knows 2048, the default, and 4096; larger than the first means the second. */
const PKINIT_DEFAULT_BITS = 2048

export const krb5 = defineBackend({
  name: 'krb5',
  title: 'Kerberos',
  purposes: ['krb5'],
  print: ({ krb5: effective }) =>
    [
      '[libdefaults]',
      `permitted_enctypes = ${encryptionTypes(effective).join(' ')}`,
      ...(effective.integers.min_dh_size > PKINIT_DEFAULT_BITS ? ['pkinit_dh_min_bits=4096'] : []),
      '',
    ].join('\n'),
})

function encryptionTypes({ enabled }: EffectivePolicy): readonly string[] {
  // The type is RC4 with HMAC-MD5 (RFC 4757): it needs both.
  const hasRc4 = enabled.cipher.includes('RC4-128') && enabled.hash.includes('MD5')
  return [
    ...enabled.mac.flatMap((mac) => translate(enabled.cipher, AES_TYPES[mac] ?? {})),
    ...translate(enabled.cipher, CAMELLIA_TYPES),
    ...(hasRc4 ? ['arcfour-hmac-md5'] : []),
  ]
}
