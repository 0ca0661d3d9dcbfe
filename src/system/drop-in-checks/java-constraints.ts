/**
 * Lists of disabled algorithms, as sun.security.util.DisabledAlgorithmConstraints of OpenJDK reads them
 * (its java.security file has the grammar). What it does not understand makes TLS, or all checks of
 * certificates, fail in the whole program.
 */

/** The properties that are read so. */
export const CONSTRAINED: readonly string[] = [
  ...['jdk.certpath.disabledAlgorithms', 'jdk.tls.disabledAlgorithms'],
  ...['jdk.jar.disabledAlgorithms', 'jdk.security.legacyAlgorithms'],
]

/** The list that others include by its name. */
export const CURVES = 'jdk.disabled.namedCurves'

/** The entries of a list. Quotation marks around all of it are left out. */
export function splitEntries(value: string): readonly string[] {
  const bare = /^".*"$/s.test(value) && value.length > 1 ? value.slice(1, -1) : value
  return bare
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
}

/** The name that an entry is about: curves of X9.62 have a blank in theirs. */
export function nameOfConstraint(entry: string): string {
  return IS_CURVE.test(entry) ? entry : (entry.split(' ', 1)[0] ?? '')
}

const IS_CURVE = /^X9\.62 (?:c2|prime)\w+$/i

/** What Java does not understand of an entry, if anything. */
export function findConstraintError(entry: string): string | undefined {
  const space = entry.indexOf(' ')
  if (entry.includes('*') && !/^TLS_/.test(entry))
    return 'only names that begin with TLS_ may have a `*`'
  if (space < 0 || IS_CURVE.test(entry)) return undefined
  const once = new Set<string>()
  for (const constraint of splitConstraints(entry.slice(space + 1))) {
    const error = judgeConstraint(constraint)
    if (error !== undefined) return error
    const word = constraint.split(/\s/, 1)[0]?.toLowerCase() ?? ''
    if (ONCE.has(word) && once.has(word)) return `${word} stands there twice`
    once.add(word)
  }
  return undefined
}

const ONCE: ReadonlySet<string> = new Set(['jdkca', 'denyafter'])

/** Java leaves out what is empty at the end. */
function splitConstraints(text: string): readonly string[] {
  const parts = text.split('&')
  while (parts.at(-1) === '') parts.pop()
  return parts.map((part) => part.trim())
}

function judgeConstraint(constraint: string): string | undefined {
  if (/^keySize(?:\s|$)/.test(constraint)) return judgeKeySize(constraint.split(/\s+/))
  if (/^jdkCA$/i.test(constraint) || constraint.startsWith('usage')) return undefined
  const date = /^denyAfter\s+(\d{4}-\d{2}-\d{2})$/.exec(constraint)?.[1]
  if (date !== undefined) return isDate(date) ? undefined : `${date} is no day`
  return `\`${constraint}\` is no constraint`
}

function judgeKeySize([, operator, size]: readonly string[]): string | undefined {
  if (!/^(?:==|!=|<=?|>=?)$/.test(operator ?? '')) {
    return `keySize is followed by one of ==, !=, <, <=, > and >=, with blanks around it`
  }
  const isNumber = /^[-+]?\d+$/.test(size ?? '') && isInt(Number(size))
  return isNumber ? undefined : 'keySize is compared with a number'
}

/** What Java's `int` can hold. */
function isInt(number: number): boolean {
  return number >= -(2 ** 31) && number < 2 ** 31
}

function isDate(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
}
