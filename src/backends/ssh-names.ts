/** What SSH implementations call the algorithms (RFC 4253, IANA "SSH Protocol Parameters"). */
import type { CipherName } from '../algorithms/cipher.ts'
import type { GroupName } from '../algorithms/group.ts'
import type { HashName } from '../algorithms/hash.ts'
import type { KeyExchangeName } from '../algorithms/key-exchange.ts'
import type { MacName } from '../algorithms/mac.ts'
import type { SignatureName } from '../algorithms/signature.ts'
import type { EffectivePolicy } from '../policy/effective-policy.ts'
import { translate, type Words } from './translate.ts'

export const SSH_CIPHERS: Words<CipherName> = {
  'AES-256-GCM': 'aes256-gcm@openssh.com',
  'AES-256-CTR': 'aes256-ctr',
  'AES-192-CTR': 'aes192-ctr',
  'AES-128-GCM': 'aes128-gcm@openssh.com',
  'AES-128-CTR': 'aes128-ctr',
  'CHACHA20-POLY1305': 'chacha20-poly1305@openssh.com',
  'AES-256-CBC': 'aes256-cbc',
  'AES-192-CBC': 'aes192-cbc',
  'AES-128-CBC': 'aes128-cbc',
  '3DES-CBC': '3des-cbc',
}

/** MACs that every implementation has. */
export const SSH_MACS = {
  'HMAC-SHA1': 'hmac-sha1',
  'HMAC-SHA2-256': 'hmac-sha2-256',
  'HMAC-SHA2-512': 'hmac-sha2-512',
} as const satisfies Words<MacName>

/** Host key and public key algorithms that every implementation has. */
export const SSH_SIGNATURES = {
  'RSA-SHA1': 'ssh-rsa',
  'RSA-SHA2-256': 'rsa-sha2-256',
  'RSA-SHA2-512': 'rsa-sha2-512',
  'ECDSA-SHA2-256': 'ecdsa-sha2-nistp256',
  'ECDSA-SHA2-256-FIDO': 'sk-ecdsa-sha2-nistp256@openssh.com',
  'ECDSA-SHA2-384': 'ecdsa-sha2-nistp384',
  'ECDSA-SHA2-512': 'ecdsa-sha2-nistp521',
  'EDDSA-ED25519': 'ssh-ed25519',
  'EDDSA-ED25519-FIDO': 'sk-ssh-ed25519@openssh.com',
} as const satisfies Words<SignatureName>

/** `negotiated` is the group exchange of RFC 4419, where the peers choose any prime. */
export type KeyExchangeWords = {
  readonly [Exchange in KeyExchangeName]?: {
    readonly [Hash in HashName]?: Words<GroupName | 'negotiated'>
  }
}

export const SSH_KEY_EXCHANGES: KeyExchangeWords = {
  ECDHE: {
    'SHA2-256': {
      SECP256R1: 'ecdh-sha2-nistp256',
      X25519: ['curve25519-sha256', 'curve25519-sha256@libssh.org'],
    },
    'SHA2-384': { SECP384R1: 'ecdh-sha2-nistp384' },
    'SHA2-512': { SECP521R1: 'ecdh-sha2-nistp521' },
  },
  DHE: {
    SHA1: {
      negotiated: 'diffie-hellman-group-exchange-sha1',
      'FFDHE-1024': 'diffie-hellman-group1-sha1',
      'FFDHE-2048': 'diffie-hellman-group14-sha1',
    },
    'SHA2-256': {
      negotiated: 'diffie-hellman-group-exchange-sha256',
      'FFDHE-2048': 'diffie-hellman-group14-sha256',
    },
    'SHA2-512': {
      'FFDHE-4096': 'diffie-hellman-group16-sha512',
      'FFDHE-8192': 'diffie-hellman-group18-sha512',
    },
  },
  SNTRUP: {
    'SHA2-512': { X25519: ['sntrup761x25519-sha512', 'sntrup761x25519-sha512@openssh.com'] },
  },
  'KEM-ECDH': {
    'SHA2-256': {
      'MLKEM768-X25519': 'mlkem768x25519-sha256',
      'P256-MLKEM768': 'mlkem768nistp256-sha256',
    },
    'SHA2-384': { 'P384-MLKEM1024': 'mlkem1024nistp384-sha384' },
  },
}

/** RFC 4462 and RFC 8732; each ends in a hyphen, after which comes the mechanism. */
export const GSSAPI_KEY_EXCHANGES: KeyExchangeWords = {
  'DHE-GSS': {
    SHA1: {
      negotiated: 'gss-gex-sha1-',
      'FFDHE-1024': 'gss-group1-sha1-',
      'FFDHE-2048': 'gss-group14-sha1-',
    },
    'SHA2-256': { 'FFDHE-2048': 'gss-group14-sha256-' },
    'SHA2-512': { 'FFDHE-4096': 'gss-group16-sha512-' },
  },
  'ECDHE-GSS': {
    'SHA2-256': { SECP256R1: 'gss-nistp256-sha256-', X25519: 'gss-curve25519-sha256-' },
  },
}

/** The methods whose exchange, hash and group are all enabled; `without` leaves groups out. */
export function sshKeyExchanges(
  { enabled, integers }: EffectivePolicy,
  words: KeyExchangeWords,
  without: readonly GroupName[],
): readonly string[] {
  const named = enabled.group.filter((group) => !without.includes(group))
  const groups = integers.arbitrary_dh_groups > 0 ? (['negotiated', ...named] as const) : named
  return enabled.key_exchange.flatMap((exchange) =>
    enabled.hash.flatMap((hash) => translate(groups, words[exchange]?.[hash] ?? {})),
  )
}

/** Encrypt-then-MAC before MAC-then-encrypt; the policy may rule out either. */
export function sshMacs(
  { enabled, choices }: EffectivePolicy,
  words: Words<MacName>,
): readonly string[] {
  const names = translate(enabled.mac, words)
  const etm = names.map((name) => extendName(name, '-etm'))
  if (choices.etm === 'DISABLE_ETM') return names
  return choices.etm === 'DISABLE_NON_ETM' ? etm : [...etm, ...names]
}

/** Signatures, each followed by its certificate format where the policy allows certificates. */
export function sshSignatures(
  { enabled, integers }: EffectivePolicy,
  words: Words<SignatureName>,
): readonly string[] {
  const names = translate(enabled.sign, words)
  if (integers.ssh_certs === 0) return names
  return names.flatMap((name) => [name, extendName(name, '-cert-v01')])
}

/** Names of extensions end in a domain, RFC 4251 section 6: `a` and `a@openssh.com` alike. */
function extendName(name: string, suffix: string): string {
  return `${name.replace('@openssh.com', '')}${suffix}@openssh.com`
}

/** One `Keyword value,value` line, or none where nothing is enabled. */
export function sshOption(keyword: string, values: readonly string[]): readonly string[] {
  return values.length > 0 ? [`${keyword} ${values.join(',')}`] : []
}
