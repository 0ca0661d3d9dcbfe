/** What can be wrong with a GnuTLS configuration file. GnuTLS itself says nothing of any of it. */
import { type DiagnosticKind, defineKinds } from '../diagnostics/diagnostic.ts'
import { didYouMean } from '../diagnostics/suggestion.ts'

type Kind<Data> = DiagnosticKind<Data>

const malformed: Kind<object> = {
  code: 'GNUTLS_CONFIG_MALFORMED',
  severity: 'error',
  fault: 'input',
  summary:
    'A line is neither `key = value`, nor a section, nor a comment. GnuTLS then ignores the whole file, silently.',
  message: () => 'GnuTLS cannot read this line, so it ignores the whole file',
  hint: () => 'write `key = value` or `[section]`, or begin a comment with #',
}

const longLine: Kind<{ limit: number }> = {
  code: 'GNUTLS_CONFIG_LONG_LINE',
  severity: 'warning',
  fault: 'input',
  summary: 'GnuTLS reads at most 2047 bytes of a line and takes the rest for another line.',
  message: ({ limit }) =>
    `the line is longer than ${limit} bytes: GnuTLS takes the rest for another`,
}

const unknownSection: Kind<{ section: string; sections: readonly string[] }> = {
  code: 'GNUTLS_CONFIG_UNKNOWN_SECTION',
  severity: 'warning',
  fault: 'input',
  summary: 'GnuTLS ignores entries of a section that it does not know.',
  message: ({ section }) => `ignored: there is no section [${section}]`,
  hint: ({ section, sections }) => didYouMean(section, sections),
}

const unknownKey: Kind<{ key: string; section: string; release: string; keys: readonly string[] }> =
  {
    code: 'GNUTLS_CONFIG_UNKNOWN_KEY',
    severity: 'warning',
    fault: 'input',
    summary: 'GnuTLS ignores a key that it does not know, or that a later release brought.',
    message: ({ key, section, release }) => `ignored: ${release} has no key ${key} in [${section}]`,
    hint: ({ key, keys }) => didYouMean(key, keys),
  }

const wrongMode: Kind<{ key: string; mode: string; counterpart: string }> = {
  code: 'GNUTLS_CONFIG_WRONG_MODE',
  severity: 'warning',
  fault: 'input',
  summary: 'An allowlist is written with `enabled` and `secure` keys, a blocklist with the others.',
  message: ({ key, mode }) => `ignored: ${key} has no place in ${mode} mode`,
  hint: ({ counterpart }) => `use ${counterpart}, or change override-mode in [global]`,
}

const unknownValue: Kind<{
  key: string
  value: string
  release: string
  values: readonly string[]
}> = {
  code: 'GNUTLS_CONFIG_UNKNOWN_VALUE',
  severity: 'warning',
  fault: 'input',
  summary: 'GnuTLS ignores an override whose value it does not know.',
  message: ({ key, value, release }) => `ignored: ${release} does not know \`${value}\` for ${key}`,
  hint: ({ value, values }) => didYouMean(value, values),
}

const shadowed: Kind<{ key: string; line: number }> = {
  code: 'GNUTLS_CONFIG_SHADOWED',
  severity: 'warning',
  fault: 'input',
  summary: 'A key is given twice. GnuTLS takes the first priority string of a name.',
  message: ({ key, line }) => `ignored: ${key} is already set on line ${line}`,
}

const tooMany: Kind<{ key: string; limit: number }> = {
  code: 'GNUTLS_CONFIG_TOO_MANY',
  severity: 'warning',
  fault: 'input',
  summary: 'GnuTLS holds a limited number of overrides of one kind.',
  message: ({ key, limit }) => `ignored: GnuTLS holds at most ${limit} values of ${key}`,
}

export const CONFIG_KINDS = defineKinds({
  malformed,
  longLine,
  unknownSection,
  unknownKey,
  wrongMode,
  unknownValue,
  shadowed,
  tooMany,
})
