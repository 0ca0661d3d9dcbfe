/** Lines of gnutls drop-ins that change what every program of GnuTLS may use: `[global]` and `[overrides]`. */
import { type Diagnostic, diagnose } from '../diagnostics/diagnostic.ts'
import { namesBeyondPolicy } from '../priority/beyond-policy.ts'
import {
  allowedTls,
  type Evaluation,
  type EvaluationOutcome,
  evaluatePriority,
} from '../priority/evaluate.ts'
import { LIST_TITLES } from '../priority/priority-lists.ts'
import type { ConfigEntry, SystemConfig } from '../priority/system-config.ts'
import { DROP_IN_KINDS } from './drop-in-checks/drop-in-diagnostics.ts'

/** So many lines are judged one by one, each by an evaluation of its own; those below them are judged together. */
const MOST_ALONE = 100

/**
 * What each line adds to @SYSTEM after those above it, and whether it leaves nothing of it.
 *
 * @param own The entries of drop-ins, with their sections.
 */
export function checkOverrides(
  base: SystemConfig,
  own: readonly ConfigEntry[],
): readonly Diagnostic[] {
  const changing = own.filter(({ section }) => /^(?:global|overrides)$/i.test(section))
  if (changing.length === 0) return []
  const found: Diagnostic[] = []
  const entries = [...base.entries]
  let before = evaluateSystem(base)
  for (const lines of judgedTogether(changing)) {
    if (!before.ok) break
    entries.push(...lines)
    const after = evaluateSystem({ ...base, entries: [...entries] })
    found.push(...tellChange(lines, before.evaluation, after))
    before = after
  }
  return found
}

type Lines = readonly [first: ConfigEntry, ...below: ConfigEntry[]]

function judgedTogether(changing: readonly ConfigEntry[]): readonly Lines[] {
  const [first, ...below] = changing.slice(MOST_ALONE)
  const alone = changing.slice(0, MOST_ALONE).map((entry): Lines => [entry])
  return first ? [...alone, [first, ...below]] : alone
}

function tellChange(
  [{ key, value, line }, ...below]: Lines,
  before: Evaluation,
  after: EvaluationOutcome,
): readonly Diagnostic[] {
  if (!after.ok) {
    const reason = `with \`${key} = ${value}\`${below.length > 0 ? ' and what stands below it' : ''} no program can use @SYSTEM`
    const remedy = 'take the line out'
    return [diagnose(DROP_IN_KINDS.stops, { who: 'GnuTLS', reason, remedy }, line)]
  }
  const extra = findExtra(after.evaluation, before)
  if (extra.length === 0) return []
  return [diagnose(DROP_IN_KINDS.allowsMore, { setting: key, extra, below: below.length }, line)]
}

function evaluateSystem(config: SystemConfig): EvaluationOutcome {
  return evaluatePriority({ name: '@SYSTEM', text: '@SYSTEM' }, { config })
}

function findExtra(after: Evaluation, before: Evaluation): readonly string[] {
  const names = [...namesBeyondPolicy(after, before)].flatMap(([list, extra]) =>
    extra.size > 0 ? [`the ${LIST_TITLES[list]} ${[...extra].join(', ')}`] : [],
  )
  const signatures = [...before.certificateProhibitions.keys()].filter(
    (name) => !after.certificateProhibitions.has(name),
  )
  return [
    ...names,
    ...(signatures.length > 0 ? [`certificates signed with ${signatures.join(', ')}`] : []),
    ...findSmallerKeys(after, before),
  ]
}

function findSmallerKeys(after: Evaluation, before: Evaluation): readonly string[] {
  const [least, policy] = [after, before].map((one) => allowedTls(one).minimumKeySizes)
  if (!least || !policy || least.rsa >= policy.rsa) return []
  return [least.rsa > 0 ? `RSA keys of ${least.rsa} bits` : 'keys of any size']
}
