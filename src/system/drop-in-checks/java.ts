/** Drop-ins of Java: security properties, of which the last with one key counts. */
import { type Diagnostic, diagnose } from '../../diagnostics/diagnostic.ts'
import { didYouMean, suggest } from '../../diagnostics/suggestion.ts'
import { DROP_IN_KINDS } from './drop-in-diagnostics.ts'
import {
  CONSTRAINED,
  CURVES,
  findConstraintError,
  nameOfConstraint,
  splitEntries,
} from './java-constraints.ts'
import { isJavaName, JAVA_NAMES } from './java-names.ts'
import { readProperties } from './java-properties.ts'
import type { JoinedText } from './joined-text.ts'
import { effectiveSettings, findConflicts, type Precedence, type Setting } from './settings.ts'

const PRECEDENCE: Precedence = {
  counts: 'last',
  reader: 'Java',
  findLost: (old, value) => {
    const kept = new Set(splitEntries(value).map(normalizeEntry))
    return splitEntries(old).filter((entry) => !kept.has(normalizeEntry(entry)))
  },
}

function normalizeEntry(entry: string): string {
  return entry.replaceAll(/\s+/g, ' ').toUpperCase()
}

const LISTS: readonly string[] = [...CONSTRAINED, CURVES, 'jdk.tls.legacyAlgorithms']

/** Java looks for these among the properties of the system, and not in security properties. */
const OF_SYSTEM =
  /^(?:jdk\.tls\.(?:client|server)\.(?:protocols|cipherSuites|SignatureSchemes)|jdk\.tls\.namedGroups|https\.(?:protocols|cipherSuites)|jdk\.tls\.ephemeralDHKeySize)$/

export function checkJava(joined: JoinedText): readonly Diagnostic[] {
  const { settings, malformed } = readProperties(joined.text)
  const ours = [...effectiveSettings(settings, PRECEDENCE).values()].filter(
    ({ start }) => start >= joined.policyEnd,
  )
  return [
    ...malformed
      .filter(({ start }) => start >= joined.policyEnd)
      .map((line) => tellMalformed(joined, line)),
    ...findConflicts(joined, settings, PRECEDENCE),
    ...ours.flatMap((setting) => checkKey(joined, setting)),
    ...ours.flatMap((setting) => (LISTS.includes(setting.key) ? checkList(joined, setting) : [])),
  ]
}

function tellMalformed({ spanOf }: JoinedText, { start, end }: Setting): Diagnostic {
  const reason =
    '`\\u` without four hexadecimal digits: up to Java 21 every program fails, later ones lose the policy'
  const data = { who: 'Java', reason, remedy: 'write `\\\\` for a backslash' }
  return diagnose(DROP_IN_KINDS.stops, data, spanOf(start, end))
}

function checkKey(joined: JoinedText, setting: Setting): readonly Diagnostic[] {
  const { key, start } = setting
  const span = joined.spanOf(start, start + key.length)
  if (OF_SYSTEM.test(key)) {
    const reason = 'Java reads it among the properties of the system only'
    const remedy = `start programs with -D${key}=..., or set it in JDK_JAVA_OPTIONS`
    return [diagnose(DROP_IN_KINDS.vain, { what: key, reason, remedy }, span)]
  }
  if (LISTS.includes(key) || suggest(key, LISTS).length === 0 || !IS_LIKE_LIST.test(key)) return []
  const data = { what: key, reason: 'Java has no such property', remedy: didYouMean(key, LISTS) }
  return [diagnose(DROP_IN_KINDS.vain, data, span)]
}

/** Java has other properties whose names are not far from those of the lists. */
const IS_LIKE_LIST = /(?:disabled|legacy|algorithm|curve)/i

/** So many findings of one list are told: each looks for names that are near. */
const MOST_FINDINGS = 20

function checkList(joined: JoinedText, setting: Setting): readonly Diagnostic[] {
  const found: Diagnostic[] = []
  for (const entry of splitEntries(setting.value)) {
    if (found.length >= MOST_FINDINGS) break
    found.push(...checkEntry(joined, setting, entry))
  }
  return found
}

function checkEntry(joined: JoinedText, setting: Setting, entry: string): readonly Diagnostic[] {
  const isConstrained = setting.key !== 'jdk.tls.legacyAlgorithms'
  if (isConstrained && entry.toLowerCase() === `include ${CURVES.toLowerCase()}`) return []
  const error = isConstrained ? findConstraintError(entry) : undefined
  if (error !== undefined) {
    const reason = `\`${entry}\` in \`${setting.key}\` makes whatever reads the list fail: ${error}`
    const remedy = 'write entries as in `RSA keySize < 2048`, with commas between them'
    const data = { who: 'Java', reason, remedy }
    return [diagnose(DROP_IN_KINDS.stops, data, spanOfEntry(joined, setting, entry))]
  }
  const name = nameOfConstraint(entry)
  if (isJavaName(name) || name.includes(' ')) return []
  const data = /^TLS_.*\*/.test(name) ? wildcard(entry) : unknownName(name)
  return [diagnose(DROP_IN_KINDS.vain, data, spanOfEntry(joined, setting, entry))]
}

function unknownName(what: string) {
  const reason = 'no release of Java has anything of that name'
  return { what, reason, remedy: didYouMean(what, JAVA_NAMES) }
}

function wildcard(entry: string) {
  const reason = 'older releases of Java know no `*`, such as 17.0.15'
  return {
    what: entry,
    reason,
    remedy: 'name the suites one by one where such a release is in use',
  }
}

/** Where the entry stands as it is; the whole setting where escapes or line ends are within it. */
function spanOfEntry({ text, spanOf }: JoinedText, { start, end }: Setting, entry: string) {
  const at = text.slice(start, end).indexOf(entry, text.slice(start, end).search(/[=:\s]/))
  return at < 0 ? spanOf(start, end) : spanOf(start + at, start + at + entry.length)
}
