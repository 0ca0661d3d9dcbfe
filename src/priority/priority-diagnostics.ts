/** Every error and warning of priority strings, in one place. */
import { type DiagnosticKind, defineKinds } from '../diagnostics/diagnostic.ts'
import { didYouMean, nearestOrKnown } from '../diagnostics/suggestion.ts'

type Kind<Data> = DiagnosticKind<Data>

/** How much of a user's text a message repeats, in characters. */
const QUOTED = 60

function quote(text: string): string {
  return `\`${text.length > QUOTED ? `${text.slice(0, QUOTED)}...` : text}\``
}

const unresolved: Kind<{
  keys: readonly string[]
  file: string
  absent: boolean
  known: readonly string[]
}> = {
  code: 'PRIORITY_UNRESOLVED',
  severity: 'error',
  fault: 'missing',
  summary:
    'None of the keywords after @ is in the configuration file, or GnuTLS ignores the whole file. End the keywords with SYSTEM, which every system with crypto policies defines, or give a string without @, such as NORMAL.',
  message: ({ keys, file, absent }) => {
    if (absent) return `${file} does not exist, so nothing defines ${keys.map(quote).join(', ')}`
    const [none, nowhere] = keys.length === 1 ? ['', ' nowhere'] : ['none of ', '']
    return `${file} defines ${none}${keys.map(quote).join(', ')}${nowhere}`
  },
  hint: ({ keys, absent, known }) => {
    if (absent) return 'run update-policies to write it, or give a string without @, such as NORMAL'
    const near = keys.map((key) => didYouMean(key, known)).find((hint) => hint !== undefined)
    if (near) return near
    if (known.length === 0) return 'it defines no keyword at all; NORMAL needs none'
    return `it defines ${known.join(', ')}: ask for one of them as well, as in @${[...keys, known[0]].join(',')}`
  },
}

const brokenKeywords: Kind<object> = {
  code: 'PRIORITY_BROKEN_KEYWORDS',
  severity: 'error',
  fault: 'input',
  summary: 'A comma after the first colon makes GnuTLS look up a keyword that ends in a colon.',
  message: () => 'a comma right after the colon: GnuTLS cannot find the keyword before it',
  hint: () => 'separate keywords by commas, and additions by colons: @LIBVIRT,SYSTEM:+RSA',
}

const nestedKeyword: Kind<{ token: string }> = {
  code: 'PRIORITY_NESTED_KEYWORD',
  severity: 'error',
  fault: 'input',
  summary:
    'A keyword after @ is resolved once, at the very start; its string may not hold another.',
  message: ({ token }) => `${quote(token)} would be a keyword within a string: they do not nest`,
  hint: () => 'write out the string, or let the program ask for several keywords: @LIBVIRT,SYSTEM',
}

const emptyToken: Kind<object> = {
  code: 'PRIORITY_EMPTY_TOKEN',
  severity: 'error',
  fault: 'input',
  summary: 'Nothing stands between two colons, at the end after a colon, or in the whole string.',
  message: () => 'an empty token',
  hint: () => 'remove the extra colon; the shortest string is NORMAL',
}

const unknownWord: Kind<{
  word: string
  release: string
  words: readonly string[]
  /** The word with a beginning such as VERS- that makes it known. */
  completed: string | undefined
}> = {
  code: 'PRIORITY_UNKNOWN_WORD',
  severity: 'error',
  fault: 'input',
  summary: 'GnuTLS does not know the word, so it refuses the whole string.',
  message: ({ word, release }) => `${release} does not know ${quote(word)}`,
  hint: ({ word, words, completed }) =>
    completed === undefined ? nearestWord(word, words) : `did you mean ${completed}?`,
}

function nearestWord(word: string, words: readonly string[]): string | undefined {
  const [, sign] = /^([-+!])/.exec(word) ?? []
  if (sign === undefined) return nearestOrKnown(word, words)
  return didYouMean(word, words) ?? `for instance ${sign}AES-256-GCM or ${sign}VERS-TLS1.3`
}

const missingSign: Kind<{ word: string }> = {
  code: 'PRIORITY_MISSING_SIGN',
  severity: 'error',
  fault: 'input',
  summary: 'Only a level such as NORMAL stands alone; other words are added or removed.',
  message: ({ word }) => `${quote(word)} needs a sign: only a level such as NORMAL stands alone`,
  hint: ({ word }) => `write +${word} to add it, -${word} to remove it`,
}

const misplacedLevel: Kind<{ word: string }> = {
  code: 'PRIORITY_MISPLACED_LEVEL',
  severity: 'error',
  fault: 'input',
  summary: 'NONE stands first or nowhere, and a level can be set or added but not removed.',
  message: ({ word }) =>
    /^[+]?none$/i.test(word)
      ? 'NONE can only be the first token, without a sign'
      : `${quote(word)}: a level cannot be removed`,
  hint: () => 'remove what the level brought by name, or begin with NONE and add',
}

const optionCase: Kind<{ word: string; option: string }> = {
  code: 'PRIORITY_OPTION_CASE',
  severity: 'error',
  fault: 'input',
  summary: 'Options are the one kind of word whose case matters.',
  message: ({ word }) => `${quote(word)}: options are written in capitals`,
  hint: ({ option }) => `write %${option}`,
}

const otherRelease: Kind<{ word: string; release: string; has: readonly string[] }> = {
  code: 'PRIORITY_OTHER_RELEASE',
  severity: 'error',
  fault: 'input',
  summary: 'A release before or after, or another build, knows the word; this one does not.',
  message: ({ word, release }) => `${release} does not have ${quote(word)}`,
  hint: ({ has }) => `it is known to ${has.join(', ')}`,
}

const disabledCurve: Kind<{ word: string; place: string | undefined }> = {
  code: 'PRIORITY_DISABLED_CURVE',
  severity: 'error',
  fault: 'input',
  summary:
    'The configuration disables the curve, or its allowlist does not name it. GnuTLS then refuses every string with its CURVE- word, even one that removes it.',
  message: ({ word, place }) =>
    `${quote(word)} is refused: the curve is ${place ? `disabled in ${place}` : 'not on the allowlist'}`,
  hint: ({ word }) => `write ${word.replace(/CURVE-/i, 'GROUP-')}, which is accepted`,
}

const opensslLanguage: Kind<{ word: string; instead: string }> = {
  code: 'PRIORITY_OPENSSL_LANGUAGE',
  severity: 'error',
  fault: 'input',
  summary: 'The string is written in the language of OpenSSL cipher lists.',
  message: ({ word }) => `${quote(word)} is an OpenSSL cipher list, not a priority string`,
  hint: ({ instead }) =>
    instead ? `in a priority string: ${instead}` : 'there is no such word in priority strings',
}

const emptied: Kind<{ what: string; token: string }> = {
  code: 'PRIORITY_EMPTIED',
  severity: 'error',
  fault: 'input',
  summary:
    'GnuTLS says "No or insufficient priorities were set": a token removed the last of something that every connection needs.',
  message: ({ what, token }) => `${quote(token)} leaves nothing to negotiate: ${what}`,
  hint: () => 'remove the token, or add what it took away after it',
}

const insufficient: Kind<{ what: string; missing: string }> = {
  code: 'PRIORITY_INSUFFICIENT',
  severity: 'error',
  fault: 'input',
  summary:
    'GnuTLS says "No or insufficient priorities were set": the string never names all of what every connection needs.',
  message: ({ what }) => `the string allows nothing: ${what}`,
  hint: ({ missing }) => missing,
}

const forbidden: Kind<{ what: string; place: string }> = {
  code: 'PRIORITY_FORBIDDEN',
  severity: 'error',
  fault: 'input',
  summary: 'The configuration forbids all that the string allows of something that it needs.',
  message: ({ what, place }) => `the configuration leaves nothing to negotiate: ${what} (${place})`,
  hint: () => 'allow one more in the string, or take the override out of the configuration',
}

const droppedTokens: Kind<{ limit: number }> = {
  code: 'PRIORITY_DROPPED_TOKENS',
  severity: 'warning',
  fault: 'input',
  summary: 'GnuTLS reads 128 tokens of a string and silently drops the rest.',
  message: ({ limit }) => `GnuTLS ignores everything after the first ${limit} tokens`,
}

const unusable: Kind<{ versions: readonly string[] }> = {
  code: 'PRIORITY_UNUSABLE',
  severity: 'warning',
  fault: 'input',
  summary:
    'GnuTLS accepts the string, since it allows some version and some suite; but no version that it allows has a suite that it allows, so every connection will fail.',
  message: ({ versions }) =>
    versions.length > 0
      ? `no connection can succeed: ${versions.join(', ')} cannot use any suite of the string`
      : 'no connection can succeed: no protocol version is left',
}

const reenables: Kind<{ keyword: string; token: string; extra: readonly string[] }> = {
  code: 'PRIORITY_REENABLES',
  severity: 'warning',
  fault: 'answer',
  summary:
    'A string of [priorities] allows what the policy forbids. GnuTLS lets it: an allowlist limits the keyword SYSTEM only, and a blocklist only what it names.',
  message: ({ keyword, token, extra }) =>
    `${keyword} allows what the policy forbids: ${quote(token)} brings ${extra.join('; ')}`,
  hint: () => 'remove it from the string, or allow it in the policy for the scope gnutls',
}

const inVain: Kind<{ keyword: string; token: string; reason: string }> = {
  code: 'PRIORITY_IN_VAIN',
  severity: 'warning',
  fault: 'answer',
  summary:
    'A string of [priorities] asks for an algorithm that the configuration keeps from every string: what a blocklist disables, or a group whose curve an allowlist does not name. GnuTLS silently leaves it out.',
  message: ({ keyword, token, reason }) =>
    `${quote(token)} of ${keyword} is without effect: ${reason}`,
  hint: () => 'remove it from the string, or allow it in the policy for the scope gnutls',
}

export const PRIORITY_KINDS = defineKinds({
  unresolved,
  brokenKeywords,
  nestedKeyword,
  emptyToken,
  unknownWord,
  missingSign,
  misplacedLevel,
  optionCase,
  otherRelease,
  disabledCurve,
  opensslLanguage,
  emptied,
  insufficient,
  forbidden,
  droppedTokens,
  unusable,
  reenables,
  inVain,
})
