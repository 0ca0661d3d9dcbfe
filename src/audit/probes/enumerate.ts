/**
 * Finds all of a kind that a server accepts with few questions: offer all, remove what was chosen, repeat.
 * That takes one question more than there are items, and one for the order where the server decides it.
 */
import { type Answer, isWhole, type Order } from '../model.ts'
import { ABSENT } from './answers.ts'

/** What the server chose, or why it chose nothing. */
export type Choice = { readonly chosen: number } | { readonly end: Answer }

export type Found = {
  readonly items: readonly number[]
  readonly order: Order
  readonly end: Answer
}

export type EnumerationRules = {
  /** Without it, the question for the order is saved. */
  readonly isOrderWanted?: boolean
  /** A server may need what it chose before: where the client decides the order, that stays on offer, last. */
  readonly isChosenKept?: boolean
  /** What answers to other questions have shown already: where the order is wanted, the one that is chosen of all. */
  readonly known?: readonly number[]
  /** How many may be offered at a time; undefined where all may. */
  readonly batch?: number | undefined
}

/** @param ask Asks the question with a number from 1, offering these in this order. */
export async function enumerate(
  all: readonly number[],
  ask: Ask,
  rules: EnumerationRules = {},
): Promise<Found> {
  const { batch = all.length } = rules
  return all.length > batch ? inBatches(all, ask, { ...rules, batch }) : atOnce(all, ask, rules)
}

type Ask = (offered: readonly number[], question: number) => Promise<Choice>

/** What is found of all batches is then asked for at once, which shows the order. */
async function inBatches(
  all: readonly number[],
  ask: Ask,
  { batch, isOrderWanted = true, known = [] }: EnumerationRules & { readonly batch: number },
): Promise<Found> {
  let question = 0
  const numbered = (offered: readonly number[]) => ask(offered, ++question)
  const items = [...known]
  const left = all.filter((item) => !known.includes(item))
  let end: Answer = ABSENT
  for (let at = 0; at < left.length; at += batch) {
    const part = left.slice(at, at + batch)
    const found = await atOnce(part, numbered, { isOrderWanted: false })
    items.push(...found.items)
    end = found.end
    if (!isWhole({ end })) return { items, order: 'unknown', end }
  }
  if (!isOrderWanted || items.length < 2) return { items, order: 'unknown', end }
  const ordered = await atOnce(items, numbered, {})
  const isSame = ordered.items.length === items.length
  return isSame ? { ...ordered, end } : { items, order: 'unknown', end }
}

async function atOnce(
  all: readonly number[],
  ask: Ask,
  { isOrderWanted = true, isChosenKept = false, known = [] }: EnumerationRules,
): Promise<Found> {
  const items: number[] = [...known]
  let order: Order = 'unknown'
  let wasOrderAsked = !isOrderWanted
  for (let question = 1; ; question++) {
    const left = all.filter((item) => !items.includes(item))
    if (left.length === 0) return { items, order, end: ABSENT }
    // Only a server that goes by its own order chooses the first one again when it is offered last.
    const [first] = items
    const isOrderAsked = !wasOrderAsked && first !== undefined
    wasOrderAsked ||= isOrderAsked
    const kept = isOrderAsked || (isChosenKept && order === 'client') ? items : []
    const choice = await ask([...left, ...kept], question)
    if ('end' in choice) return { items, order, end: choice.end }
    const { chosen } = choice
    if (isOrderAsked) order = chosen === first ? 'server' : 'client'
    if (isOrderAsked && chosen === first) continue
    if (kept.includes(chosen)) return { items, order, end: ABSENT }
    if (!left.includes(chosen)) return { items, order, end: NOT_OFFERED }
    items.push(chosen)
  }
}

export const NOT_OFFERED: Answer = {
  answer: 'unknown',
  because: 'the server chose what was not offered',
}

/** Of one item there is no order. */
export function withKnownOrder(found: Found): Found {
  return found.items.length < 2 ? { ...found, order: 'unknown' } : found
}
