/** Finds what a string that allows nothing lacks, and which token took the last of it. */
import { algorithmRules, type Prohibition } from './algorithm-rules.ts'
import { type EvaluateOptions, finish } from './evaluate.ts'
import { LIST_TITLES, type ListName, type PriorityLists } from './priority-lists.ts'
import { applyToken, type PriorityState, startState } from './priority-state.ts'
import { DEFAULT_RELEASE } from './releases.ts'
import type { Resolution } from './resolve.ts'
import type { Adjustment, Settlement } from './settle.ts'
import { NO_CONFIG } from './system-config.ts'
import { systemRules } from './system-rules.ts'
import { type Token, tokenize } from './token.ts'
import { vocabularyOf } from './vocabulary.ts'

/** `combination`: every list holds something, but no suite is made of what they hold. */
export type LackingClass = ListName | 'combination'

/** What a string that allows nothing lacks. */
export type LackReport = {
  readonly lacking: LackingClass
  /** In words, for a message. */
  readonly what: string
  /** The token after which nothing was allowed any more; undefined where nothing ever was. */
  readonly culprit: Token | undefined
  /** What of the configuration removed the last item, if that did. */
  readonly prohibition: Prohibition | undefined
}

/** Reports on a resolved string that GnuTLS calls insufficient. */
export function reportLack(resolution: Resolution, options: EvaluateOptions = {}): LackReport {
  const tokens = tokenize(resolution.text)
  const { state, settlement } = settleTokens(tokens, options)
  const lacking = findLacking(state.lists, settlement)
  const prohibition = findProhibition(lacking, settlement.adjustments)
  const culprit = findCulprit(tokens, options)
  return { lacking, what: describeLack(lacking, state.lists, settlement), culprit, prohibition }
}

type Settled = { readonly state: PriorityState; readonly settlement: Settlement }

function settleTokens(tokens: readonly Token[], options: EvaluateOptions): Settled {
  const { release = DEFAULT_RELEASE, config = NO_CONFIG } = options
  const rules = systemRules(config, release)
  const algorithms = algorithmRules(rules)
  const vocabulary = vocabularyOf(release)
  const state = startState(tokens[0], vocabulary)
  for (const token of tokens) applyToken(state, token, vocabulary, algorithms)
  return { state, settlement: finish(state, rules, algorithms) }
}

/** The token that ends the longest beginning of the string which still allows something. */
function findCulprit(tokens: readonly Token[], options: EvaluateOptions): Token | undefined {
  for (let length = tokens.length - 1; length > 0; length--) {
    const { settlement } = settleTokens(tokens.slice(0, length), options)
    if (!settlement.lack) return tokens[length]
  }
  return undefined
}

function findLacking(lists: PriorityLists, settlement: Settlement): LackingClass {
  if (settlement.lack === 'protocols') {
    const unsigned = settlement.adjustments.some(
      ({ reason }) => reason === 'no signature algorithm is left',
    )
    return unsigned ? 'signatures' : 'protocols'
  }
  const needed = ['ciphers', 'macs', 'keyExchanges'] as const
  return needed.find((list) => lists[list].length === 0) ?? 'combination'
}

function findProhibition(
  lacking: LackingClass,
  adjustments: readonly Adjustment[],
): Prohibition | undefined {
  const removal = adjustments.find(({ list, prohibitions }) => list === lacking && prohibitions)
  return removal?.prohibitions?.at(-1)
}

function describeLack(
  lacking: LackingClass,
  lists: PriorityLists,
  { adjustments }: Settlement,
): string {
  if (lacking === 'signatures') {
    return 'no signature algorithm is left, which TLS 1.2 and later need'
  }
  if (lacking === 'combination') {
    return `no cipher suite combines ${describeLists(lists)}`
  }
  const removal = adjustments.find(({ list }) => list === lacking)
  const why = removal ? `: ${removal.removed.join(', ')} ${removal.reason}` : ''
  return `no ${LIST_TITLES[lacking]} are left${why}`
}

function describeLists(lists: PriorityLists): string {
  return (['keyExchanges', 'ciphers', 'macs'] as const)
    .map((list) => `the ${LIST_TITLES[list]} ${lists[list].map(({ name }) => name).join(', ')}`)
    .join(' with ')
}
