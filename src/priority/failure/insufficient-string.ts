/** Finds what a string that allows nothing lacks, and which token took the last of it. */
import { algorithmRules, type Prohibition } from '../algorithm-rules.ts'
import { type EvaluateOptions, finish } from '../evaluate.ts'
import { LIST_TITLES, type ListName, type PriorityLists } from '../priority-lists.ts'
import { applyToken, type PriorityState, startState } from '../priority-state.ts'
import { DEFAULT_RELEASE } from '../releases.ts'
import type { Adjustment, Remainder } from '../remove-unusable.ts'
import type { Resolution } from '../resolve.ts'
import { NO_CONFIG } from '../system-config.ts'
import { systemRules } from '../system-rules.ts'
import { type Token, tokenize } from '../token.ts'
import { vocabularyOf } from '../vocabulary.ts'

/** `combination`: every list holds something, but no suite is made of what they hold. */
type MissingClass = ListName | 'combination'

/** What a string that allows nothing lacks. */
export type InsufficientReport = {
  readonly missing: MissingClass
  /** In words, for a message. */
  readonly what: string
  /** The token after which nothing was allowed any more; undefined where nothing ever was. */
  readonly culprit: Token | undefined
  /** What of the configuration removed the last item, if that did. */
  readonly prohibition: Prohibition | undefined
}

/** Reports on a resolved string that GnuTLS calls insufficient. */
export function reportInsufficient(
  resolution: Resolution,
  options: EvaluateOptions = {},
): InsufficientReport {
  const tokens = tokenize(resolution.text)
  const { state, remainder } = evaluateTokens(tokens, options)
  const missing = findMissing(state.lists, remainder)
  const prohibition = findProhibition(missing, remainder.adjustments)
  const culprit = findCulprit(tokens, options)
  return { missing, what: describeMissing(missing, state.lists, remainder), culprit, prohibition }
}

type Evaluated = { readonly state: PriorityState; readonly remainder: Remainder }

function evaluateTokens(tokens: readonly Token[], options: EvaluateOptions): Evaluated {
  const { release = DEFAULT_RELEASE, config = NO_CONFIG } = options
  const rules = systemRules(config, release)
  const algorithms = algorithmRules(rules)
  const vocabulary = vocabularyOf(release)
  const state = startState(tokens[0], vocabulary)
  for (const token of tokens) applyToken(state, token, vocabulary, algorithms)
  return { state, remainder: finish(state, rules, algorithms) }
}

/** The token that ends the longest beginning of the string which still allows something. */
function findCulprit(tokens: readonly Token[], options: EvaluateOptions): Token | undefined {
  for (let length = tokens.length - 1; length > 0; length--) {
    const { remainder } = evaluateTokens(tokens.slice(0, length), options)
    if (!remainder.missing) return tokens[length]
  }
  return undefined
}

function findMissing(lists: PriorityLists, remainder: Remainder): MissingClass {
  if (remainder.missing === 'protocols') {
    const unsigned = remainder.adjustments.some(
      ({ reason }) => reason === 'no signature algorithm is left',
    )
    return unsigned ? 'signatures' : 'protocols'
  }
  const needed = ['ciphers', 'macs', 'keyExchanges'] as const
  return needed.find((list) => lists[list].length === 0) ?? 'combination'
}

function findProhibition(
  missing: MissingClass,
  adjustments: readonly Adjustment[],
): Prohibition | undefined {
  const removal = adjustments.find(({ list, prohibitions }) => list === missing && prohibitions)
  return removal?.prohibitions?.at(-1)
}

function describeMissing(
  missing: MissingClass,
  lists: PriorityLists,
  { adjustments }: Remainder,
): string {
  if (missing === 'signatures') {
    return 'no signature algorithm is left, which TLS 1.2 and later need'
  }
  if (missing === 'combination') {
    return `no cipher suite combines ${describeLists(lists)}`
  }
  const removal = adjustments.find(({ list }) => list === missing)
  const removed = removal ? `: ${removal.removed.join(', ')} ${removal.reason}` : ''
  return `no ${LIST_TITLES[missing]} are left${removed}`
}

function describeLists(lists: PriorityLists): string {
  return (['keyExchanges', 'ciphers', 'macs'] as const)
    .map((list) => `the ${LIST_TITLES[list]} ${lists[list].map(({ name }) => name).join(', ')}`)
    .join(' with ')
}
