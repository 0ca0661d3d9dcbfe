/** What is wrong with a cipher list of OpenSSL. */
import { type DiagnosticKind, defineKinds } from '../../diagnostics/diagnostic.ts'
import { nearestOrKnown } from '../../diagnostics/suggestion.ts'

type Kind<Data> = DiagnosticKind<Data>

const unknownWord: Kind<{ word: string; names: readonly string[] }> = {
  code: 'CIPHER_LIST_UNKNOWN_WORD',
  severity: 'error',
  fault: 'input',
  summary:
    'A word is none of OpenSSL’s. OpenSSL ignores it silently, so that the list allows other suites than were meant. The case of words counts.',
  message: ({ word }) => `\`${word}\` is no word of OpenSSL's cipher lists`,
  hint: ({ word, names }) => nearestOrKnown(word, names),
}

const idleWord: Kind<{ word: string; names: readonly string[] }> = {
  code: 'CIPHER_LIST_IDLE_WORD',
  severity: 'warning',
  fault: 'input',
  summary:
    'A word of OpenSSL selects no suite where it stands: no distribution builds its suites, or it counts at the beginning only. Nothing is said where `!` or `-` takes suites away that are not built.',
  message: ({ word }) => `\`${word}\` selects no cipher suite here`,
  hint: ({ word }) =>
    word.startsWith('TLS_')
      ? 'suites of TLS 1.3 are chosen by another setting, `Ciphersuites`'
      : undefined,
}

const syntax: Kind<{ element: string }> = {
  code: 'CIPHER_LIST_SYNTAX',
  severity: 'error',
  fault: 'input',
  summary: 'An element of a cipher list is not written as OpenSSL wants it; it refuses the list.',
  message: ({ element }) => `\`${element}\` is no element of a cipher list`,
  hint: ({ element }) =>
    element.startsWith('@') ? 'there are @STRENGTH and @SECLEVEL=0 to @SECLEVEL=5' : undefined,
}

const afterSuiteB: Kind<{ word: string }> = {
  code: 'CIPHER_LIST_AFTER_SUITE_B',
  severity: 'warning',
  fault: 'input',
  summary: 'OpenSSL ignores what follows a word of Suite B at the beginning of a list.',
  message: ({ word }) => `OpenSSL ignores what follows ${word}`,
}

const noCipher: Kind<{ text: string }> = {
  code: 'CIPHER_LIST_NO_CIPHER',
  severity: 'error',
  fault: 'input',
  summary: 'A cipher list selects no suite, so OpenSSL refuses it.',
  message: ({ text }) =>
    text === '' ? 'the cipher list is empty' : `\`${text}\` selects no cipher suite`,
  hint: () => 'OpenSSL refuses it: "no cipher match"',
}

const nothingLeft: Kind<{ level: number }> = {
  code: 'CIPHER_LIST_NOTHING_LEFT',
  severity: 'error',
  fault: 'input',
  summary:
    'GnuTLS has no suite that a cipher list selects and its security level takes, or none that comes without others.',
  message: ({ level }) => `GnuTLS has nothing of what the list selects at security level ${level}`,
}

export const CIPHER_LIST_KINDS = defineKinds({
  unknownWord,
  idleWord,
  syntax,
  afterSuiteB,
  noCipher,
  nothingLeft,
})
