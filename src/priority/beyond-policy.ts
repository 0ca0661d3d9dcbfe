/** Compares an application's own string with the policy: what it re-enables, what it asks in vain. */
import { NOTHING_ALLOWED } from '../algorithms/allowed-tls.ts'
import { compareAllowed } from '../algorithms/compare-allowed.ts'
import type { Span } from '../diagnostics/source.ts'
import type { Prohibition } from './algorithm-rules.ts'
import { allowedTls, type EvaluateOptions, type Evaluation } from './evaluate.ts'
import type { ListName } from './priority-lists.ts'
import type { Explanation, Step } from './string-explanation.ts'
import { type AskedAlgorithm, findVerdict } from './verdict.ts'

/** What one token brings in that the policy does not allow. */
export type AllowedBeyondPolicy = {
  readonly token: string
  readonly span: Span
  /** Names as GnuTLS has them, by list. */
  readonly extra: ReadonlyMap<ListName, readonly string[]>
}

/** A token that names what the configuration keeps out of reach of every string. */
export type VainToken = {
  readonly token: string
  readonly span: Span
  readonly name: string
  readonly prohibition: Prohibition
}

type Names = ReadonlyMap<ListName, ReadonlySet<string>>

const SUITE_PARTS = { ciphers: 'cipher', macs: 'mac', keyExchanges: 'keyExchange' } as const

/**
 * What a string allows beyond the policy, by the token that brought it. An allowlist only builds
 * the string of @SYSTEM: GnuTLS lets any other string name what the list leaves out.
 *
 * @param policy What @SYSTEM allows; undefined where that is nothing.
 */
export function findAllowedBeyondPolicy(
  explanation: Explanation,
  evaluation: Evaluation,
  policy: Evaluation | undefined,
): readonly AllowedBeyondPolicy[] {
  const extra = namesBeyondPolicy(evaluation, policy)
  const byStep = new Map<Step, Map<ListName, string[]>>()
  for (const [list, names] of extra) {
    for (const name of names) {
      const step = bringerOf(explanation, list, name)
      if (!step) continue
      const lists = byStep.get(step) ?? new Map<ListName, string[]>()
      byStep.set(step, lists.set(list, [...(lists.get(list) ?? []), name]))
    }
  }
  return [...byStep].map(([{ token, span }, lists]) => ({ token: token.text, span, extra: lists }))
}

/** The tokens that add one algorithm which the configuration takes out of every string. */
export function findVainTokens(
  explanation: Explanation,
  options: EvaluateOptions,
): readonly VainToken[] {
  return explanation.steps.flatMap(({ instruction, token, span }) => {
    if (instruction.kind !== 'word' || instruction.sign !== '+') return []
    if (instruction.word.kind !== 'algorithm') return []
    const named = instruction.word.changes.flatMap(({ list, items }) =>
      items.map(({ name }) => ({ list, name })),
    )
    return named.flatMap(({ list, name }) => {
      const prohibition = prohibitionOf(explanation, list, name, options)
      return prohibition ? { token: token.text, span, name, prohibition } : []
    })
  })
}

/** Names what makes a difference only: a cipher counts if a suite uses it that the policy does not allow. */
export function namesBeyondPolicy(evaluation: Evaluation, policy: Evaluation | undefined): Names {
  const mine = allowedTls(evaluation)
  const beyond = compareAllowed(policy ? allowedTls(policy) : NOTHING_ALLOWED, mine)
  const suites = mine.suites.filter(({ name }) => beyond.suites.extra.includes(name))
  const parts = Object.entries(SUITE_PARTS).map(([list, part]): [ListName, Set<string>] => [
    list as ListName,
    without(
      suites.flatMap((suite) => suite[part] ?? []),
      namesOf(policy?.[list as ListName]),
    ),
  ])
  const groups = evaluation.usableGroups.filter(({ tls }) => tls && mine.groups.includes(tls))
  return new Map([
    ['protocols', new Set(beyond.versions.extra)],
    ...parts,
    ['groups', without(namesOf(groups), namesOf(policy?.usableGroups))],
    [
      'signatures',
      without(namesOf(evaluation.usableSignatures), namesOf(policy?.usableSignatures)),
    ],
  ])
}

/** The last token that added a name; the first token where the string starts with it. */
function bringerOf({ steps }: Explanation, list: ListName, name: string): Step | undefined {
  const adds = (step: Step): boolean =>
    step.effects.some((effect) => effect.list === list && effect.added.includes(name))
  return steps.findLast(adds) ?? steps[0]
}

function prohibitionOf(
  { adjustments, resolution }: Explanation,
  list: ListName,
  name: string,
  options: EvaluateOptions,
): Prohibition | undefined {
  const adjustment = adjustments.find((one) => one.list === list && one.removed.includes(name))
  if (adjustment) return adjustment.prohibitions?.[adjustment.removed.indexOf(name)]
  const kind = SUBJECTS[list]
  const verdict = kind && findVerdict(resolution?.given, { kind, name }, options)
  const decision = verdict?.deciding.decision
  return decision?.by === 'prohibition' ? decision.prohibition : undefined
}

/** The lists whose items a hash or a curve beneath them may forbid. */
const SUBJECTS: Partial<Readonly<Record<ListName, AskedAlgorithm['kind']>>> = {
  groups: 'group',
  signatures: 'signature',
}

function namesOf(rows: readonly { readonly name: string }[] = []): readonly string[] {
  return rows.map(({ name }) => name)
}

function without(names: readonly string[], others: readonly string[]): Set<string> {
  return new Set(names.filter((name) => !others.includes(name)))
}
