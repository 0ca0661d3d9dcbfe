/** What is enabled, as the words that a GnuTLS priority string adds (GnuTLS manual, "Priority strings"). */
import type { CipherName } from '../algorithms/cipher.ts'
import type { MacName } from '../algorithms/mac.ts'
import type { AlgorithmLists } from '../policy/effective-policy.ts'
import {
  GNUTLS_CIPHER_WORDS,
  GNUTLS_GROUP_WORDS,
  GNUTLS_KEY_EXCHANGE_WORDS,
  GNUTLS_MAC_WORDS,
  GNUTLS_SIGNATURE_WORDS,
  GNUTLS_VERSIONS,
} from './gnutls-names.ts'
import { translate, type Words } from './translate.ts'

type PriorityWords = {
  /** Versions, MACs, groups and signatures. */
  readonly first: readonly string[]
  /** Ciphers and key exchanges; older strings have an option before them. */
  readonly last: readonly string[]
}

/** The words in the order of the lists: `+VERS-TLS1.3`, `+AEAD`. */
export function priorityWords(
  enabled: AlgorithmLists,
  macs: Words<MacName> = GNUTLS_MAC_WORDS,
): PriorityWords {
  return {
    first: [
      ...plusWords('VERS-', translate(enabled.protocol, GNUTLS_VERSIONS)),
      ...plusWords('', translate(enabled.mac, macs)),
      ...plusWords('', translate(enabled.group, GNUTLS_GROUP_WORDS)),
      ...plusWords('SIGN-', translate(enabled.sign, GNUTLS_SIGNATURE_WORDS)),
    ],
    last: [
      ...plusWords('', translate(ciphersWithHashes(enabled), GNUTLS_CIPHER_WORDS)),
      ...plusWords('', translate(enabled.key_exchange, GNUTLS_KEY_EXCHANGE_WORDS)),
    ],
  }
}

/** The ciphers whose suites derive keys with SHA-384; all others use SHA-256 (RFC 5288). */
const SHA384_CIPHERS: readonly CipherName[] = ['AES-256-GCM', 'CAMELLIA-256-GCM']

/** A priority string cannot turn off a hash, so a cipher goes with the hash of its suites. */
function ciphersWithHashes({ cipher, hash }: AlgorithmLists): readonly CipherName[] {
  return cipher.filter((name) =>
    hash.includes(SHA384_CIPHERS.includes(name) ? 'SHA2-384' : 'SHA2-256'),
  )
}

function plusWords(prefix: string, names: readonly string[]): readonly string[] {
  return names.map((name) => `+${prefix}${name}`)
}
