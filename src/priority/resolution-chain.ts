/** Follows the look-up of a priority string link by link: what was asked, found and passed over. */
import type { Span } from '../diagnostics/source.ts'
import { DEFAULT_RELEASE, type GnutlsRelease } from './releases.ts'
import { isResolved, type Resolution, resolvePriority, type Unresolved } from './resolve.ts'
import { NO_CONFIG, type SystemConfig } from './system-config.ts'

/** One place that a string may come from. */
export type ChainLink = {
  /** A keyword, the setting of an application, `built in` or `library default`. */
  readonly name: string
  /**
   * Whether its string is the one that counts; whether it holds keywords that are looked up next;
   * whether an earlier one came first; whether it is not there.
   */
  readonly state: 'wins' | 'asks' | 'passed over' | 'absent'
  /** The string; not set where there is none. */
  readonly text?: string
  /** Where the string, or what it is built from, is written. */
  readonly span?: Span
  /** The file that is, or would be, looked in. */
  readonly file?: string
  /** What else there is to say, such as why it is absent. */
  readonly remark?: string
}

/** The links of a string that was resolved, or could not be: one for each of its keywords. */
export function traceKeywords(
  result: Resolution | Unresolved,
  config: SystemConfig = NO_CONFIG,
  release: GnutlsRelease = DEFAULT_RELEASE,
): readonly ChainLink[] {
  const keys = keywordsOf(result.given.text)
  return keys.map((key, index) => {
    const own = resolvePriority({ name: result.given.name, text: `@${key}` }, config, release)
    const isBroken = !isResolved(result) && result.brokenKeywords && index === keys.length - 1
    if (!isResolved(own) || isBroken) return absentLink(key, config, isBroken)
    const wins = isResolved(result) && index === result.tried.length - 1
    return { name: key, state: wins ? 'wins' : 'passed over', ...placeOf(own, config) }
  })
}

/** What the library uses where an application gives it no string. */
export function libraryDefault(
  config: SystemConfig = NO_CONFIG,
  release: GnutlsRelease = DEFAULT_RELEASE,
): Omit<ChainLink, 'state'> & { readonly text: string } {
  const result = resolvePriority(undefined, config, release)
  const { text } = result.given
  const name = 'library default'
  if (!isResolved(result) || result.origin !== 'default-priority-string') return { name, text }
  const remark = 'default-priority-string'
  const span = result.segments[0]?.span
  return { name, text, file: config.source.name, remark, ...(span ? { span } : {}) }
}

/** Whether a string begins with keywords that are looked up. */
export function asksForKeywords(text: string): boolean {
  return text.trimStart().startsWith('@')
}

function keywordsOf(text: string): readonly string[] {
  const trimmed = text.trimStart()
  return trimmed.startsWith('@') ? (trimmed.slice(1).split(':')[0] ?? '').split(',') : []
}

function absentLink(name: string, config: SystemConfig, isBroken: boolean): ChainLink {
  const reason = config.absent ? 'the file does not exist' : 'not in the file'
  const remark = isBroken ? 'a comma after the colon spoils the look-up' : reason
  return { name, state: 'absent', file: config.source.name, remark }
}

function placeOf(own: Resolution, config: SystemConfig): Omit<ChainLink, 'name' | 'state'> {
  const span = own.entry?.span ?? own.segments[0]?.span
  const remark = own.origin === 'overrides' ? { remark: 'built from [overrides]' } : {}
  return { text: own.text, file: config.source.name, ...(span ? { span } : {}), ...remark }
}
