/** Settings of a configuration, and which of two for one thing counts. */
import { type Diagnostic, diagnose } from '../../diagnostics/diagnostic.ts'
import { formatLocation } from '../../diagnostics/source.ts'
import { DROP_IN_KINDS } from './drop-in-diagnostics.ts'
import type { JoinedText } from './joined-text.ts'

export type Setting = {
  /** The same for all settings of one thing: section and name. */
  readonly key: string
  /** As it is written. */
  readonly name: string
  readonly value: string
  /** Offsets of the whole setting. */
  readonly start: number
  readonly end: number
}

export type Precedence = {
  /** Which one of several counts. */
  readonly counts: 'first' | 'last'
  /** Who reads them. */
  readonly reader: string
  /** What is lost where one value takes the place of another; by default all of it. */
  readonly findLost?: (old: string, value: string) => readonly string[]
}

/** The settings that count, by key. */
export function effectiveSettings(
  settings: readonly Setting[],
  { counts }: Precedence,
): ReadonlyMap<string, Setting> {
  const found = new Map<string, Setting>()
  for (const setting of settings) {
    if (counts === 'last' || !found.has(setting.key)) found.set(setting.key, setting)
  }
  return found
}

/**
 * Drop-ins that take the place of what the policy says, and such as cannot. A program may take a setting
 * many times that no policy gives, so only those of the policy are looked at.
 */
export function findConflicts(
  joined: JoinedText,
  settings: readonly Setting[],
  precedence: Precedence,
): readonly Diagnostic[] {
  const winners = effectiveSettings(settings, precedence)
  const isOurs = ({ start }: Setting) => start >= joined.policyEnd
  const policy = effectiveSettings(
    settings.filter((setting) => !isOurs(setting)),
    precedence,
  )
  return settings.filter(isOurs).flatMap((setting) => {
    const ofPolicy = policy.get(setting.key)
    const winner = winners.get(setting.key)
    if (!ofPolicy || !winner) return []
    const span = joined.spanOf(setting.start, setting.end)
    if (winner !== setting) return [tellVain(setting, winner, joined, precedence)]
    const lost = precedence.findLost?.(ofPolicy.value, setting.value)
    if (lost?.length === 0 || setting.value === ofPolicy.value) return []
    return [diagnose(DROP_IN_KINDS.replaces, { setting: setting.name, lost }, span)]
  })
}

function tellVain(
  { name, start, end }: Setting,
  winner: Setting,
  { spanOf }: JoinedText,
  { counts, reader }: Precedence,
): Diagnostic {
  const place = formatLocation(spanOf(winner.start, winner.end))
  const reason = `${reader} takes the ${counts} one, which is at ${place}`
  const remedy =
    counts === 'first' ? 'change the policy by a module instead' : 'remove one of the two'
  return diagnose(DROP_IN_KINDS.vain, { what: name, reason, remedy }, spanOf(start, end))
}
