/** Checks the priority strings that drop-ins give to applications against the policy. */
import { type Diagnostic, diagnose, moderate } from '../diagnostics/diagnostic.ts'
import { formatLocation, type Source } from '../diagnostics/source.ts'
import type { Prohibition } from '../priority/algorithm-rules.ts'
import {
  type AllowedBeyondPolicy,
  findAllowedBeyondPolicy,
  findVainTokens,
} from '../priority/beyond-policy.ts'
import { type EvaluateOptions, type Evaluation, evaluatePriority } from '../priority/evaluate.ts'
import { diagnoseFailure, warnAboutPriority } from '../priority/failure/failure-diagnostics.ts'
import { PRIORITY_KINDS } from '../priority/priority-diagnostics.ts'
import { LIST_TITLES } from '../priority/priority-lists.ts'
import { DEFAULT_RELEASE } from '../priority/releases.ts'
import { explainPriority } from '../priority/string-explanation.ts'
import {
  type ConfigEntry,
  parseSystemConfig,
  type SystemConfig,
} from '../priority/system-config.ts'
import { systemRules } from '../priority/system-rules.ts'
import { checkOverrides } from './override-drop-ins.ts'

/** Finds what is wrong with the drop-ins that are appended to the text of the gnutls back-end. */
export type PriorityDropInCheck = (
  policy: Source,
  dropIns: readonly Source[],
) => readonly Diagnostic[]

/**
 * One finding for each string that GnuTLS would refuse, each token that re-enables what the policy
 * forbids or asks in vain, and each line that GnuTLS ignores; none of it can be seen at run time
 * before a connection fails, or succeeds that should not. What is wrong with one string or line keeps no policy
 * from being applied, so it is a warning; an error is what keeps all programs from working.
 */
export const checkPriorityDropIns: PriorityDropInCheck = (policy, dropIns) => {
  const base = parseSystemConfig(policy)
  const config = appendDropIns(base, dropIns.map(parseSystemConfig))
  const rules = systemRules(config, DEFAULT_RELEASE)
  const isOurs = ({ source }: { readonly source: Source }) => dropIns.includes(source)
  const system = evaluatePriority({ name: policy.name, text: '@SYSTEM' }, { config: base })
  const allowed = system.ok ? system.evaluation : undefined
  const ofLines = [
    ...rules.ignored.filter(({ span }) => span && isOurs(span)),
    ...[...rules.priorities.values()]
      .filter(({ span }) => isOurs(span))
      .flatMap((entry) => checkEntry(entry, allowed, { config })),
  ]
  return [
    ...checkOverrides(base, config.entries.slice(base.entries.length)),
    ...ofLines.map(moderate),
  ]
}

/** The file as GnuTLS will read it, each entry with its place in the drop-in. */
function appendDropIns(base: SystemConfig, dropIns: readonly SystemConfig[]): SystemConfig {
  const entries = [...base.entries]
  for (const dropIn of dropIns) {
    // What stands before any section goes on with the last one above.
    const section = entries.at(-1)?.section ?? ''
    for (const entry of dropIn.entries) {
      entries.push(entry.section === '' ? { ...entry, section } : entry)
    }
  }
  const malformed = dropIns.find((dropIn) => dropIn.malformed)?.malformed
  const split = [base, ...dropIns].flatMap((config) => config.split)
  return { source: base.source, entries, split, ...(malformed ? { malformed } : {}) }
}

function checkEntry(
  { key }: ConfigEntry,
  policy: Evaluation | undefined,
  options: EvaluateOptions,
): readonly Diagnostic[] {
  const given = { name: `@${key}`, text: `@${key}` }
  const explanation = explainPriority(given, options)
  const { outcome } = explanation
  if (!outcome.ok) return [diagnoseFailure(outcome.failure, options)]
  const { evaluation } = outcome
  return [
    ...warnAboutPriority(evaluation),
    ...findAllowedBeyondPolicy(explanation, evaluation, policy).map((found) =>
      diagnoseBeyondPolicy(key, found),
    ),
    ...findVainTokens(explanation, options).map(({ token, span, name, prohibition }) => {
      const reason = `${name} is ${describeProhibition(prohibition)}`
      return diagnose(PRIORITY_KINDS.inVain, { keyword: key, token, reason }, span)
    }),
  ]
}

function diagnoseBeyondPolicy(
  keyword: string,
  { token, span, extra }: AllowedBeyondPolicy,
): Diagnostic {
  const lists = [...extra].map(([list, names]) => `the ${LIST_TITLES[list]} ${names.join(', ')}`)
  return diagnose(PRIORITY_KINDS.reenables, { keyword, token, extra: lists }, span)
}

function describeProhibition(prohibition: Prohibition): string {
  if (prohibition === 'built in') return 'disabled in the library'
  if (prohibition === 'not on the allowlist') return 'not on the allowlist'
  return `disabled by ${prohibition.key} at ${formatLocation(prohibition.line)}`
}
