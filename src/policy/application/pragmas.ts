/** The settings of an application policy: comments such as `# %keyword=LIBVIRT`. */
import { type Diagnostic, diagnose } from '../../diagnostics/diagnostic.ts'
import type { Source, Span } from '../../diagnostics/source.ts'
import { APPLICATION_KINDS } from './application-diagnostics.ts'

export type ApplicationSettings = {
  /** What the program asks GnuTLS for: `@LIBVIRT,SYSTEM`. */
  readonly keyword: string
  /** Names of back-ends, without repetitions. */
  readonly backends: readonly string[]
  /** It may allow what the system policy does not. */
  readonly mayExceed: boolean
  /** A string of a gnutls drop-in with its keyword takes the place of its own. */
  readonly dropInWins: boolean
  /** A shipped policy is in force before an administrator says so. */
  readonly isEnabledByDefault: boolean
}

export type ReadSettings = ApplicationSettings & {
  /** Where the keyword is set; undefined where it is the name's. */
  readonly keywordSpan: Span | undefined
}

const DEFAULT_BACKENDS = ['gnutls']

/** A setting that each policy file may have. */
const OF_ALL_POLICIES = 'suppress_experimental_value_warnings'

/** The settings, with what each takes in words. */
const WANTED = {
  keyword: 'a word of at most 100 capitals, digits, `-`, `_` and `.`, other than SYSTEM',
  back_ends: 'a list of back-ends, divided by commas',
  may_exceed_system_policy: 'true or false',
  drop_in_wins: 'true or false',
  enabled_by_default: 'true or false',
} as const

type PragmaName = keyof typeof WANTED

const PRAGMA_NAMES = Object.keys(WANTED) as readonly PragmaName[]

type Pragma = { readonly name: string; readonly value: string; readonly span: Span }

/**
 * Pragma : `#` Space* `%` Name Space* `=` Space* Value, on a line of its own
 *
 * @param name The application's, whose capitals are the default keyword.
 * @param backends All that applications can have.
 */
export function readPragmas(
  source: Source,
  name: string,
  backends: readonly string[],
  diagnostics: Diagnostic[],
): ReadSettings {
  const found = findPragmas(source, diagnostics)
  const keyword = found.get('keyword')
  const isTrue = (wanted: PragmaName, standard: boolean): boolean =>
    readTruth(found.get(wanted), wanted, standard, diagnostics)
  return {
    keyword: readKeyword(keyword, name, diagnostics),
    keywordSpan: keyword?.span,
    backends: readBackends(found.get('back_ends'), backends, diagnostics),
    mayExceed: isTrue('may_exceed_system_policy', false),
    dropInWins: isTrue('drop_in_wins', false),
    isEnabledByDefault: isTrue('enabled_by_default', true),
  }
}

/** Whether the file of a shipped policy says that it is not in force before it is enabled. */
export function waitsToBeEnabled(source: Source): boolean {
  return findPragmas(source, []).get('enabled_by_default')?.value === 'false'
}

/** Lines end with a line feed alone, as in the rest of the language: no other character begins a setting. */
function findPragmas(source: Source, diagnostics: Diagnostic[]): ReadonlyMap<PragmaName, Pragma> {
  const found = new Map<PragmaName, Pragma>()
  for (const line of source.text.matchAll(/[^\n]+/g)) {
    const { isAlone, pragma } = readComment(source, line[0], line.index) ?? {}
    if (pragma === undefined) continue
    const { name, span } = pragma
    const isKnown = isPragmaName(name)
    if (isOfAllPolicies(name, span, diagnostics)) continue
    if (!isKnown) {
      diagnostics.push(
        diagnose(APPLICATION_KINDS.unknownPragma, { name, known: PRAGMA_NAMES }, span),
      )
    } else if (!isAlone) {
      diagnostics.push(diagnose(APPLICATION_KINDS.misplacedPragma, { name }, span))
    } else if (found.has(name)) {
      diagnostics.push(diagnose(APPLICATION_KINDS.repeatedPragma, { name }, span))
    } else found.set(name, { ...pragma, name })
  }
  return found
}

/** A comment whose first character is `%` is meant as a setting, so that no slip makes it one without effect. */
function readComment(
  source: Source,
  line: string,
  lineStart: number,
): { readonly isAlone: boolean; readonly pragma: Pragma & { name: string } } | undefined {
  const hash = line.indexOf('#')
  if (hash < 0) return undefined
  const comment = line.slice(hash)
  const match = /^#[\s\u0085]*%([^=]*?)[\s\u0085]*(?:=[\s\u0085]*(.*?))?[\s\u0085]*$/.exec(comment)
  if (!match) return undefined
  const [, name = '', value = ''] = match
  const start = lineStart + hash
  const span = { source, start, end: start + comment.trimEnd().length }
  return { isAlone: line.slice(0, hash).trim() === '', pragma: { name, value, span } }
}

/** The parser of policies goes by that setting, and only where it is written exactly so. */
function isOfAllPolicies(name: string, span: Span, diagnostics: Diagnostic[]): boolean {
  if (name !== OF_ALL_POLICIES) return false
  const text = span.source.text.slice(span.start, span.end)
  if (!/^# %\w+=(true|false)$/.test(text)) {
    const wanted = `exactly \`# %${OF_ALL_POLICIES}=true\` or =false`
    diagnostics.push(diagnose(APPLICATION_KINDS.badPragma, { name, value: text, wanted }, span))
  }
  return true
}

function isPragmaName(name: string): name is PragmaName {
  return Object.hasOwn(WANTED, name)
}

function readTruth(
  pragma: Pragma | undefined,
  name: PragmaName,
  standard: boolean,
  diagnostics: Diagnostic[],
): boolean {
  if (!pragma) return standard
  if (pragma.value !== 'true' && pragma.value !== 'false') refuse(pragma, name, diagnostics)
  return pragma.value === 'true'
}

/** The words that GnuTLS looks up: no `,` or `:` divides them, and `SYSTEM` is the system policy's. */
function readKeyword(pragma: Pragma | undefined, name: string, diagnostics: Diagnostic[]): string {
  if (!pragma) return name.toUpperCase()
  if (!/^[A-Z0-9][A-Z0-9_.-]{0,99}$/.test(pragma.value) || pragma.value === 'SYSTEM') {
    refuse(pragma, 'keyword', diagnostics)
  }
  return pragma.value
}

function readBackends(
  pragma: Pragma | undefined,
  known: readonly string[],
  diagnostics: Diagnostic[],
): readonly string[] {
  if (!pragma) return DEFAULT_BACKENDS
  const names = pragma.value.split(/[\s,]+/).filter((name) => name !== '')
  if (names.length === 0) refuse(pragma, 'back_ends', diagnostics)
  for (const name of names.filter((one) => !known.includes(one))) {
    diagnostics.push(diagnose(APPLICATION_KINDS.unknownBackend, { name, known }, pragma.span))
  }
  return [...new Set(names)]
}

function refuse({ value, span }: Pragma, name: PragmaName, diagnostics: Diagnostic[]): void {
  const data = { name, value, wanted: WANTED[name] }
  diagnostics.push(diagnose(APPLICATION_KINDS.badPragma, data, span))
}
