/** Resolves `@LIBVIRT,SYSTEM:+...` to the string that GnuTLS evaluates, and says where it stands. */
import type { Source, Span } from '../diagnostics/source.ts'
import { DEFAULT_RELEASE, type GnutlsRelease } from './releases.ts'
import { type ConfigEntry, NO_CONFIG, type SystemConfig } from './system-config.ts'
import { type SystemRules, settingOf, systemRules } from './system-rules.ts'
import { type Segment, systemString } from './system-string.ts'

/** What decided the string. */
export type ResolutionOrigin =
  /** The string names no keyword. */
  | 'given'
  /** A `KEY=STRING` line of the configuration. */
  | 'priorities'
  /** The overrides of an allowlist. */
  | 'overrides'
  /** `default-priority-string`, where no string was given. */
  | 'default-priority-string'
  /** The library, where no string was given. */
  | 'library default'

/** A string with its keyword replaced. */
export type Resolution = {
  readonly given: Source
  /** What is evaluated. */
  readonly text: string
  readonly origin: ResolutionOrigin
  /** The keyword that won. */
  readonly key?: string
  /** Where that keyword's string is written; not set where it is built from the overrides. */
  readonly entry?: ConfigEntry
  /** The keywords up to the winner, in the order in which they were looked up. */
  readonly tried: readonly string[]
  readonly segments: readonly Segment[]
}

/** No keyword of the string is in the configuration. */
export type Unresolved = {
  readonly given: Source
  readonly tried: readonly string[]
  /** A colon and a comma in a row end the keywords: GnuTLS never finds the last one then. */
  readonly brokenKeywords: boolean
}

/** The keyword that an allowlist answers itself. */
const SYSTEM = 'SYSTEM'

const LIBRARY_DEFAULT = 'NORMAL'

const SPACE_AT_START = /^[ \t\n\v\f\r]+/

type Piece = Pick<Resolution, 'text' | 'segments' | 'origin' | 'entry'>

/**
 * Resolves a string, or the default where none is given.
 *
 * priority = [ "@" key *( "," key ) [ ":" additions ] ] / string
 */
export function resolvePriority(
  given: Source | undefined,
  config: SystemConfig = NO_CONFIG,
  release: GnutlsRelease = DEFAULT_RELEASE,
): Resolution | Unresolved {
  const rules = systemRules(config, release)
  if (!given) return resolveDefault(rules)
  const text = given.text.replace(SPACE_AT_START, '')
  if (text.startsWith('@')) return resolveKeywords(given, text, rules)
  const segments = [segmentOf(given, given.text.length - text.length, text.length)]
  return { given, text, origin: 'given', tried: [], segments }
}

/** Whether a keyword was found, or none was asked for. */
export function isResolved(result: Resolution | Unresolved): result is Resolution {
  return 'text' in result
}

/** Where a range of the resolved string is written. */
export function originOf(resolution: Resolution, start: number, end: number): Span {
  const { segments, given } = resolution
  // Segments follow one another, with a colon between.
  const segment = segments.find((piece) => start <= piece.end)
  if (!segment) return { source: given, start: 0, end: given.text.length }
  if (!segment.verbatim) return segment.span
  const shift = segment.span.start - segment.start
  return { source: segment.span.source, start: start + shift, end: end + shift }
}

function resolveDefault(rules: SystemRules): Resolution | Unresolved {
  const setting = settingOf(rules, 'default-priority-string')
  const allowlist = rules.mode === 'allowlist'
  const text = allowlist ? `@${SYSTEM}` : (setting?.value ?? LIBRARY_DEFAULT)
  const given = { name: '<default>', text }
  if (text.startsWith('@')) return resolveKeywords(given, text, rules)
  const { source, start } = setting?.entry.span ?? { source: given, start: 0 }
  const origin = setting ? 'default-priority-string' : 'library default'
  return { given, text, origin, tried: [], segments: [segmentOf(source, start, text.length)] }
}

function resolveKeywords(given: Source, text: string, rules: SystemRules): Resolution | Unresolved {
  const colon = text.indexOf(':')
  const keys = text.slice(1, colon < 0 ? undefined : colon).split(',')
  const brokenKeywords = colon >= 0 && text[colon + 1] === ','
  for (const [index, key] of keys.entries()) {
    // GnuTLS takes the comma of `@A,B:,+RSA` for one between keywords, and looks up `B:`.
    const isBroken = brokenKeywords && index === keys.length - 1
    const piece = isBroken ? undefined : lookUp(key, rules)
    if (!piece) continue
    const tried = keys.slice(0, index + 1)
    const additionsAt = given.text.length - text.length + colon
    const joined = colon < 0 ? piece : append(piece, given, additionsAt)
    return { ...joined, given, key, tried }
  }
  return { given, tried: keys, brokenKeywords }
}

function lookUp(key: string, rules: SystemRules): Piece | undefined {
  if (key === SYSTEM && rules.mode === 'allowlist') {
    return { ...systemString(rules), origin: 'overrides' }
  }
  const entry = rules.priorities.get(key)
  if (!entry) return undefined
  const segment = { start: 0, end: entry.value.length, span: entry.span, verbatim: true }
  return { text: entry.value, segments: [segment], origin: 'priorities', entry }
}

/** Appends what was given from its colon on. */
function append(piece: Piece, given: Source, colon: number): Piece {
  const text = `${piece.text}${given.text.slice(colon)}`
  const span = { source: given, start: colon + 1, end: given.text.length }
  const segment = { start: piece.text.length + 1, end: text.length, span, verbatim: true }
  return { ...piece, text, segments: [...piece.segments, segment] }
}

function segmentOf(source: Source, at: number, length: number): Segment {
  const span = { source, start: at, end: at + length }
  return { start: 0, end: length, span, verbatim: true }
}
