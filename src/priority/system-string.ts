/** Builds the string that an allowlist gives the keyword SYSTEM from its overrides. */

import { memoize } from '../cache/memoize.ts'
import type { Span } from '../diagnostics/source.ts'
import type { OverrideClass } from './override-keys.ts'
import { type Override, type SystemRules, settingOf } from './system-rules.ts'

/** A piece of a resolved string, and where it is written. */
export type Segment = {
  readonly start: number
  readonly end: number
  readonly span: Span
  /** The span's text is the piece itself; otherwise the piece was derived from it. */
  readonly verbatim: boolean
}

export type SystemString = { readonly text: string; readonly segments: readonly Segment[] }

/** The order in which the string names its classes, and what stands before each name. */
const CLASSES: readonly (readonly [OverrideClass, string])[] = [
  ['keyExchanges', ''],
  ['groups', 'GROUP-'],
  ['ciphers', ''],
  ['macs', ''],
  ['signatures', 'SIGN-'],
  ['protocols', 'VERS-'],
]

/** GnuTLS drops a longer list of signatures or versions whole. */
const MAX_MARKED = 127

/** `NONE`, and one word for each override, which is where the word is written. */
export const systemString = memoize((rules: SystemRules): SystemString => {
  const mode = settingOf(rules, 'override-mode')
  let text = 'NONE'
  const segments: Segment[] = []
  if (mode) segments.push({ start: 0, end: text.length, span: mode.entry.span, verbatim: false })
  for (const [name, prefix] of CLASSES) {
    for (const { row, entry } of namedBySystem(rules, name)) {
      const start = text.length + 1
      text += `:+${prefix}${row.name}`
      segments.push({ start, end: text.length, span: entry.span, verbatim: false })
    }
  }
  return { text, segments }
})

function namedBySystem({ overrides }: SystemRules, name: OverrideClass): readonly Override[] {
  const signatures = Math.max(overrides.signatures.length, overrides.certificateSignatures.length)
  if (name === 'signatures' && signatures > MAX_MARKED) return []
  if (name === 'protocols' && overrides.protocols.length > MAX_MARKED) return []
  return overrides[name]
}
