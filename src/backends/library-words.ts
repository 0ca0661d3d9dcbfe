/** From the words of libraries back to the names of policies, for users who know only the words of a library. */
import { registeredGroupName, tableVersionName } from '../algorithms/other-names.ts'
import {
  GNUTLS_CIPHER_WORDS,
  GNUTLS_GROUP_WORDS,
  GNUTLS_KEY_EXCHANGE_WORDS,
  GNUTLS_MAC_WORDS,
  GNUTLS_SIGNATURE_WORDS,
  GNUTLS_VERSIONS,
} from './gnutls-names.ts'
import {
  OPENSSL_CLASSIC_GROUPS,
  OPENSSL_MLKEM_GROUPS,
  OPENSSL_SIGNATURES,
  OPENSSL_VERSIONS,
} from './openssl-names.ts'
import { SSH_CIPHERS, SSH_MACS, SSH_SIGNATURES } from './ssh-names.ts'

type Table = Readonly<Record<string, string | readonly string[]>>

/** Where a word means two things, the table that comes first has it. */
const TABLES: readonly Table[] = [
  OPENSSL_VERSIONS,
  OPENSSL_SIGNATURES,
  OPENSSL_CLASSIC_GROUPS,
  OPENSSL_MLKEM_GROUPS,
  GNUTLS_VERSIONS,
  GNUTLS_CIPHER_WORDS,
  GNUTLS_GROUP_WORDS,
  GNUTLS_KEY_EXCHANGE_WORDS,
  GNUTLS_MAC_WORDS,
  GNUTLS_SIGNATURE_WORDS,
  SSH_CIPHERS,
  SSH_MACS,
  SSH_SIGNATURES,
]

/** The name that policies have for a word of a library, in any case; the word itself where none is known. */
export function policyName(word: string): string {
  const wanted = word.toLowerCase()
  for (const table of TABLES) {
    const found = Object.entries(table).find(([, words]) => spellings(words).includes(wanted))
    if (found) return found[0]
  }
  // A hash is SHA256 to most, SHA-256 to NIST.
  return tableVersionName(registeredGroupName(word))
    .replace(/^SHA-?(224|256|384|512)$/i, 'SHA2-$1')
    .replace(/^SHA-1$/i, 'SHA1')
}

/** As configuration files write them, and without what only these put before a name. */
function spellings(words: string | readonly string[]): readonly string[] {
  return [words]
    .flat()
    .flatMap((word) => {
      const name = word.replace(/^\?/, '')
      return [name, name.replace(/^(?:GROUP|VERS|SIGN)-/, '')]
    })
    .map((name) => name.toLowerCase())
}
