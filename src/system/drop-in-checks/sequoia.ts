/** Drop-ins of Sequoia: TOML, of which it refuses the whole file at the first thing that it does not know. */
import { parse, TomlDate, TomlError, type TomlTable, type TomlValue } from 'smol-toml'
import { SEQUOIA_WORDS } from '../../backends/sequoia-toml.ts'
import { type Diagnostic, diagnose } from '../../diagnostics/diagnostic.ts'
import { formatLocation } from '../../diagnostics/source.ts'
import { DROP_IN_KINDS } from './drop-in-diagnostics.ts'
import type { JoinedText } from './joined-text.ts'
import { BRACKETS, readSettings } from './sections.ts'
import type { Setting } from './settings.ts'

/** Versions of each kind of packet; of those without one there is nothing below. */
const PACKETS: Readonly<Record<string, readonly string[]>> = {
  ...{ pkesk: ['v3', 'v5', 'v6'], signature: ['v3', 'v4', 'v5', 'v6'] },
  ...{ skesk: ['v4', 'v5', 'v6'], onepasssig: ['v3', 'v6'] },
  ...{ secretkey: ['v4', 'v5', 'v6'], publickey: ['v4', 'v5', 'v6'] },
  ...{ secretsubkey: ['v4', 'v5', 'v6'], publicsubkey: ['v4', 'v5', 'v6'] },
  ...{ seip: ['v1', 'v2'], aed: ['v1'] },
  ...{ compresseddata: [], sed: [], marker: [], literal: [], trust: [] },
  ...{ userid: [], userattribute: [], mdc: [], padding: [] },
}

const TABLES: Readonly<Record<string, readonly string[]>> = {
  ...SEQUOIA_WORDS,
  packets: Object.keys(PACKETS),
}

const DISPOSITION = 'default_disposition'
const IGNORED = 'ignore_invalid'

/** What a mistake is, and the word to look for in the drop-ins. */
type Mistake = { readonly word: string; readonly reason: string }

export function checkSequoia(joined: JoinedText): readonly Diagnostic[] {
  const repeated = findRepeated(joined)
  return repeated.length > 0 ? repeated : findMistakes(joined)
}

/** In TOML a key that is there twice is an error. */
function findRepeated(joined: JoinedText): readonly Diagnostic[] {
  const seen = new Map<string, Setting>()
  return readSettings(joined.text, BRACKETS).flatMap((setting) => {
    const earlier = seen.get(setting.key)
    seen.set(setting.key, setting)
    if (!earlier || setting.start < joined.policyEnd) return []
    const place = formatLocation(joined.spanOf(earlier.start, earlier.end))
    const reason = `\`${setting.name}\` is set at ${place} already`
    return [tell(joined, setting.start, setting.end, reason)]
  })
}

function findMistakes(joined: JoinedText): readonly Diagnostic[] {
  try {
    const { start, end } = { start: joined.policyEnd, end: joined.text.length }
    return mistakesOfFile(parse(spoilDates(joined.text))).map(({ word, reason }) => {
      const at = joined.text.indexOf(word, start)
      return tell(joined, at < 0 ? start : at, at < 0 ? end : at + word.length, reason)
    })
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    const lines = joined.text.split('\n')
    const above = lines.slice(0, error.line - 1).join('\n').length
    const start = Math.max(above + 1, joined.policyEnd)
    const end = start + (lines[error.line - 1] ?? '').length
    return [tell(joined, start, end, 'it is no TOML here, or a table is opened again')]
  }
}

function tell({ spanOf }: JoinedText, start: number, end: number, reason: string): Diagnostic {
  const remedy = 'take the line out, and change the policy by a module instead'
  const said = { who: 'Sequoia', reason: `it cannot read the file: ${reason}`, remedy }
  return diagnose(DROP_IN_KINDS.stops, said, spanOf(start, end))
}

function mistakesOfFile(file: TomlTable): readonly Mistake[] {
  return [
    ...unknownWords('the file', file, Object.keys(TABLES)),
    ...Object.entries(TABLES).flatMap(([name, words]) => mistakesOfTable(name, words, file[name])),
  ]
}

function mistakesOfTable(
  name: string,
  words: readonly string[],
  table: TomlValue | undefined,
): readonly Mistake[] {
  if (table === undefined) return []
  if (!isTable(table)) return [{ word: name, reason: `\`${name}\` has to be a table` }]
  const disposition = table[DISPOSITION] ?? 'never'
  return [
    ...unknownWords(`[${name}]`, table, [...words, DISPOSITION]),
    ...words.flatMap((word) => mistakesOfValue(name, word, table[word])),
    ...(disposition === 'never'
      ? []
      : [{ word: DISPOSITION, reason: `\`${DISPOSITION}\` of [${name}] can be "never" only` }]),
  ]
}

/** A value is a time until when something is accepted, or a table of such. */
function mistakesOfValue(
  table: string,
  word: string,
  value: TomlValue | undefined,
): readonly Mistake[] {
  if (value === undefined || isCutoff(value)) return []
  const reason = `\`${word}\` has to be "always", "never" or a date`
  if (!isTable(value)) return [{ word, reason }]
  const known = [...propertiesOf(table, word), DISPOSITION]
  const isWrong = known.some((name) => value[name] !== undefined && !isCutoff(value[name]))
  return [...unknownWords(`\`${word}\``, value, known), ...(isWrong ? [{ word, reason }] : [])]
}

function propertiesOf(table: string, word: string): readonly string[] {
  if (table === 'packets') return PACKETS[word] ?? []
  return table === 'hash_algorithms' ? ['collision_resistance', 'second_preimage_resistance'] : []
}

function unknownWords(
  where: string,
  table: TomlTable,
  known: readonly string[],
): readonly Mistake[] {
  const ignored = table[IGNORED] ?? []
  const names = Array.isArray(ignored) ? ignored : [ignored]
  if (!names.every((name) => typeof name === 'string')) {
    return [{ word: IGNORED, reason: `\`${IGNORED}\` has to be a name or a list of names` }]
  }
  const allowed = new Set([...known, ...names, ...(IGNORED in table ? [IGNORED] : [])])
  return Object.keys(table)
    .filter((word) => !allowed.has(word))
    .map((word) => ({ word, reason: `${where} has no \`${word}\`` }))
}

function isTable(value: TomlValue): value is TomlTable {
  return typeof value === 'object' && !Array.isArray(value) && !(value instanceof TomlDate)
}

const DATE =
  /^(\d{4}-\d\d-\d\d)(?:[T ](?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d))?$/i

/** A time of day alone is none, and neither is a time without its offset. */
function isCutoff(value: TomlValue): boolean {
  if (value instanceof TomlDate) return value.isDate() || (value.isDateTime() && !value.isLocal())
  if (typeof value !== 'string') return false
  const [, day] = DATE.exec(value) ?? []
  return value === 'always' || value === 'never' || (day !== undefined && isDay(day))
}

/**
 * The parser takes a day that is none for one of the next month, and a time without seconds, which Sequoia does
 * not. As they are written here, it refuses them. All that follows stays at its place.
 */
function spoilDates(text: string): string {
  return text
    .replaceAll(/\d{4}-\d\d-\d\d/g, (day) => (isDay(day) ? day : `${day.slice(0, -2)}00`))
    .replaceAll(/(\d[T ]\d\d):(\d\d[Z+-])/gi, '$1.$2')
}

/** Not the 30th of February, which `Date` takes for a day of March. */
function isDay(text: string): boolean {
  const time = Date.parse(text)
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text)
}
