/** Every error and warning of the policy language, in one place. */
import { type DiagnosticKind, defineKinds, type ReferenceLine } from '../diagnostics/diagnostic.ts'
import { didYouMean, nearestOrKnown } from '../diagnostics/suggestion.ts'

type Kind<Data> = DiagnosticKind<Data>

/** How much of a user's text a message repeats, in characters. */
const QUOTED = 60

function malformed(line: string): ReferenceLine {
  return {
    kind: 'MalformedLineError',
    text: `malformed line \`${line.replaceAll(/\s*=\s*/g, ' = ').trim()}\``,
  }
}

function badValue(kind: string, property: string, rest: string): ReferenceLine {
  return { kind, text: `Bad value of policy property \`${property}\`: ${rest}` }
}

function quote(text: string): string {
  return `\`${text.length > QUOTED ? `${text.slice(0, QUOTED)}...` : text}\``
}

const nulByte: Kind<object> = {
  code: 'POLICY_NUL_BYTE',
  severity: 'error',
  fault: 'input',
  summary: 'The file holds a NUL byte, so it is not text.',
  message: () => 'a NUL byte: this is not a text file',
}

const carriageReturn: Kind<object> = {
  code: 'POLICY_CARRIAGE_RETURN',
  severity: 'error',
  fault: 'input',
  summary: 'The file has lines that end with CR or CR LF. `cryptopolicy lint --fix` rewrites them.',
  message: () => 'the line ends with a carriage return',
  hint: () => 'convert the file to LF line ends: cryptopolicy lint --fix FILE',
}

const byteOrderMark: Kind<object> = {
  code: 'POLICY_BYTE_ORDER_MARK',
  severity: 'error',
  fault: 'input',
  summary: 'The file begins with a byte order mark. `cryptopolicy lint --fix` removes it.',
  message: () => 'the file begins with a byte order mark',
  hint: () => 'save it as UTF-8 without one: cryptopolicy lint --fix FILE',
}

const tooManyErrors: Kind<{ shown: number; name: string }> = {
  code: 'POLICY_TOO_MANY_ERRORS',
  severity: 'error',
  fault: 'input',
  summary: 'Only the first errors of the file are shown.',
  message: ({ shown, name }) => `${name} has more errors; the first ${shown} are shown`,
}

const missingEquals: Kind<{ text: string }> = {
  code: 'POLICY_MISSING_EQUALS',
  severity: 'error',
  fault: 'input',
  summary: 'A line is neither a comment nor `property = values`.',
  message: ({ text }) => `no \`=\` in ${quote(text)}`,
  hint: () => 'write `property = values`, or begin a comment with #',
  reference: ({ text }) => malformed(text),
}

const secondEquals: Kind<{ text: string }> = {
  code: 'POLICY_SECOND_EQUALS',
  severity: 'error',
  fault: 'input',
  summary: 'A line has more than one `=`; each directive stands on a line of its own.',
  message: () => 'a second `=` on the line',
  hint: () => 'put each directive on a line of its own',
  reference: ({ text }) => malformed(text),
}

const missingProperty: Kind<{ text: string }> = {
  code: 'POLICY_MISSING_PROPERTY',
  severity: 'error',
  fault: 'input',
  summary: 'Nothing stands before the `=`.',
  message: () => 'no property before `=`',
  reference: ({ text }) => malformed(text),
}

const misplacedPragma: Kind<object> = {
  code: 'POLICY_MISPLACED_PRAGMA',
  severity: 'error',
  fault: 'input',
  summary: 'A `# %suppress_experimental_value_warnings` comment shares its line with a directive.',
  message: () => 'this comment changes how the file is read and must stand on a line of its own',
}

const danglingContinuation: Kind<object> = {
  code: 'POLICY_DANGLING_CONTINUATION',
  severity: 'error',
  fault: 'input',
  summary: 'The last line of the file ends with a backslash, but no line follows.',
  message: () => 'the file ends in the middle of a continued line',
  hint: () => 'remove the backslash or end the file with a line end',
}

const unknownProperty: Kind<{ name: string; known: readonly string[] }> = {
  code: 'POLICY_UNKNOWN_PROPERTY',
  severity: 'error',
  fault: 'input',
  summary: 'The name before `=` is not a property.',
  message: ({ name }) => `unknown property ${quote(name)}`,
  hint: ({ name, known }) => {
    const bare = name.replaceAll(' ', '')
    if (known.includes(bare) && bare !== name) return `write ${bare} without spaces`
    return didYouMean(name, known) ?? `properties are ${known.join(', ')}`
  },
  reference: ({ name }) => ({
    kind: 'AlgorithmClassUnknownError',
    text: `Unknown policy property: \`${name}\``,
  }),
}

const formerProperty: Kind<{ name: string }> = {
  code: 'POLICY_FORMER_PROPERTY',
  severity: 'error',
  fault: 'input',
  summary: 'A deprecated property has a value or a scope that it never had.',
  message: ({ name }) => `the deprecated property ${name} cannot be used like this`,
  hint: ({ name }) => FORMER_FORMS[name],
}

/** How each deprecated property could be written. */
const FORMER_FORMS: Readonly<Record<string, string>> = {
  tls_cipher: 'write cipher@TLS',
  ssh_cipher: 'write cipher@SSH',
  ssh_group: 'write group@SSH',
  ike_protocol: 'write protocol@IKE',
  sha1_in_dnssec: 'it takes 0 or 1; write hash@DNSSec and sign@DNSSec instead',
  ssh_etm: 'it takes 0 or 1; write etm@SSH instead',
  min_tls_version: 'it takes one TLS version or 0; write protocol@TLS instead',
  min_dtls_version: 'it takes one DTLS version or 0; write protocol@TLS instead',
}

const unknownAlgorithm: Kind<{
  name: string
  property: string
  known: readonly string[]
  otherClass: string | undefined
}> = {
  code: 'POLICY_UNKNOWN_ALGORITHM',
  severity: 'error',
  fault: 'input',
  summary: 'A value is not an algorithm of its property, or a wildcard matches none.',
  message: ({ name, property }) =>
    /[*?[]/.test(name)
      ? `no ${property} matches ${quote(name)}`
      : `unknown ${property} ${quote(name)}`,
  hint: ({ name, known, otherClass }) =>
    otherClass === undefined ? nearestOrKnown(name, known) : `${name} is a value of ${otherClass}`,
  reference: ({ name, property }) => badValue('AlgorithmEmptyMatchError', property, `\`${name}\``),
}

const mixedList: Kind<{ property: string; values: string }> = {
  code: 'POLICY_MIXED_LIST',
  severity: 'error',
  fault: 'input',
  summary: 'A directive both sets a list anew and changes it with `+` or `-`.',
  message: ({ property }) => `${property} is set and changed in one directive`,
  hint: () => 'mark every value with +, - or a trailing +, or none of them',
  reference: ({ values }) => ({
    kind: 'MixedDifferentialNonDifferentialError',
    text: `cannot initialize list and modify it at once (\`${values}\`)`,
  }),
}

const integerExpected: Kind<{ property: string; text: string }> = {
  code: 'POLICY_INTEGER_EXPECTED',
  severity: 'error',
  fault: 'input',
  summary: 'The property takes one decimal number.',
  message: ({ property, text }) =>
    text === ''
      ? `${property} needs a decimal number`
      : `${property} takes one decimal number, not ${quote(text)}`,
  reference: ({ property }) =>
    badValue('IntPropertyNonIntValueError', property, 'value must be an integer'),
}

const integerTooLarge: Kind<{ property: string; text: string }> = {
  code: 'POLICY_INTEGER_TOO_LARGE',
  severity: 'error',
  fault: 'input',
  summary: 'The number is larger than 2147483647.',
  message: ({ property, text }) => `${property} cannot be ${quote(text)}: it is too large`,
}

const integerUnexpected: Kind<{ property: string; text: string }> = {
  code: 'POLICY_INTEGER_UNEXPECTED',
  severity: 'error',
  fault: 'input',
  summary: 'The property takes names, not a number.',
  message: ({ property, text }) => `${property} takes names, not the number ${text}`,
  reference: ({ property }) =>
    badValue('NonIntPropertyIntValueError', property, 'value must not be an integer'),
}

const unknownChoice: Kind<{ property: string; text: string; known: readonly string[] }> = {
  code: 'POLICY_UNKNOWN_CHOICE',
  severity: 'error',
  fault: 'input',
  summary: 'The property takes exactly one of a few words.',
  message: ({ property, text }) =>
    text === '' ? `${property} needs a value` : `${property} cannot be ${quote(text)}`,
  hint: ({ property, known }) => `${property} is one of ${known.join(', ')}`,
  reference: ({ property, text, known }) =>
    badValue(
      'BadEnumValueError',
      property,
      `${text}; must be one of [${known.map((name) => `'${name}'`).join(', ')}]`,
    ),
}

const scopeCharacter: Kind<{ character: string; pattern: string }> = {
  code: 'POLICY_SCOPE_CHARACTER',
  severity: 'error',
  fault: 'input',
  summary:
    'A scope is made of letters, digits, `-`, `_` and `*`, in braces with commas for several.',
  message: ({ character }) => `${quote(character)} cannot stand in a scope`,
  hint: ({ character }) =>
    character === ' ' ? 'write scopes without spaces: @{tls,ssh}' : undefined,
  reference: ({ pattern }) => ({
    kind: 'ScopeSelectorIllegalCharacterError',
    text: `illegal character in scope selector \`${pattern}\``,
  }),
}

const scopeBraces: Kind<{ pattern: string }> = {
  code: 'POLICY_SCOPE_BRACES',
  severity: 'error',
  fault: 'input',
  summary: 'Braces go around the whole list of scopes.',
  message: ({ pattern }) => `braces are misplaced in the scope ${quote(pattern)}`,
  hint: () => 'write @{tls,ssh} or @!{tls,ssh}',
  reference: ({ pattern }) => ({
    kind: 'ScopeSelectorCurlyBracketsError',
    text: `unsupported curly brackets usage in \`${pattern}\``,
  }),
}

const scopeComma: Kind<{ pattern: string }> = {
  code: 'POLICY_SCOPE_COMMA',
  severity: 'error',
  fault: 'input',
  summary: 'Several scopes stand in braces.',
  message: ({ pattern }) => `a comma outside braces in the scope ${quote(pattern)}`,
  hint: ({ pattern }) => `write @{${pattern}}`,
  reference: ({ pattern }) => ({
    kind: 'ScopeSelectorCommaError',
    text: `unsupported comma usage in \`${pattern}\``,
  }),
}

const emptyScope: Kind<object> = {
  code: 'POLICY_EMPTY_SCOPE',
  severity: 'error',
  fault: 'input',
  summary: 'A scope is missing after `@`, between commas or in braces.',
  message: () => 'an empty scope',
  hint: () => 'leave out @ for a directive that holds everywhere',
  reference: () => ({ kind: 'ScopeSelectorEmptyError', text: 'empty scope selector' }),
}

const unknownScope: Kind<{ glob: string; scopes: readonly string[] }> = {
  code: 'POLICY_UNKNOWN_SCOPE',
  severity: 'error',
  fault: 'input',
  summary: 'No scope has this name or matches this wildcard.',
  message: ({ glob }) =>
    glob.includes('*') ? `no scope matches ${quote(glob)}` : `unknown scope ${quote(glob)}`,
  hint: ({ glob, scopes }) => didYouMean(glob, scopes) ?? `scopes are ${scopes.join(', ')}`,
  reference: ({ glob }) =>
    glob.includes('*')
      ? {
          kind: 'ScopeSelectorMatchedNothingError',
          text: `scope selector \`${glob}\` matches no scope`,
        }
      : { kind: 'ScopeUnknownError', text: `unknown scope ${glob}` },
}

const deprecatedProperty: Kind<{ old: string; replacement: string; exact: boolean }> = {
  code: 'POLICY_DEPRECATED_PROPERTY',
  severity: 'warning',
  fault: 'input',
  summary: 'The property has been replaced. `cryptopolicy lint --fix` rewrites it.',
  message: ({ old, replacement }) => `${old} is deprecated, write ${replacement}`,
  hint: ({ exact }) =>
    exact ? undefined : 'the replacement takes effect where it stands, not at the end of the file',
  reference: ({ old, replacement }) => ({
    kind: 'PolicySyntaxDeprecationWarning',
    text: `option ${old} is deprecated, please rewrite your rules using ${replacement}; be advised that it is not always a 1-1 replacement`,
  }),
}

const deprecatedValue: Kind<{ old: string; replacement: string }> = {
  code: 'POLICY_DEPRECATED_VALUE',
  severity: 'warning',
  fault: 'input',
  summary: 'The value has been renamed. `cryptopolicy lint --fix` rewrites it.',
  message: ({ old, replacement }) => `${old} is deprecated, write ${replacement}`,
  reference: ({ old, replacement }) => ({
    kind: 'PolicySyntaxDeprecationWarning',
    text: `value ${old} is deprecated, please rewrite your rules using ${replacement}`,
  }),
}

const experimentalValue: Kind<{ property: string; values: readonly string[] }> = {
  code: 'POLICY_EXPERIMENTAL_VALUE',
  severity: 'warning',
  fault: 'input',
  summary: 'The algorithm is experimental: its name or its meaning may still change.',
  message: ({ property, values }) =>
    `${property} ${values.join(', ')} ${values.length === 1 ? 'is' : 'are'} experimental`,
  hint: () => 'a line `# %suppress_experimental_value_warnings=true` above silences this',
  reference: ({ property, values }) => ({
    kind: 'ExperimentalValueWarning',
    text: `\`${property}\` ${values.length === 1 ? 'value' : 'values'} ${values.map((value) => `\`${value}\``).join(', ')} ${values.length === 1 ? 'is' : 'are'} experimental and might go away in the future`,
  }),
}

export const POLICY_KINDS = defineKinds({
  nulByte,
  carriageReturn,
  byteOrderMark,
  tooManyErrors,
  missingEquals,
  secondEquals,
  missingProperty,
  misplacedPragma,
  danglingContinuation,
  unknownProperty,
  formerProperty,
  unknownAlgorithm,
  mixedList,
  integerExpected,
  integerTooLarge,
  integerUnexpected,
  unknownChoice,
  scopeCharacter,
  scopeBraces,
  scopeComma,
  emptyScope,
  unknownScope,
  deprecatedProperty,
  deprecatedValue,
  experimentalValue,
})
