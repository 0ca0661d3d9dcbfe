/**
 * Finds all of a kind that a server accepts with few questions: offer all, remove what was chosen, repeat.
 * That takes one question more than there are items, and one for the order where the server decides it.
 */
import type { Answer, Order } from '../model.ts'
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
}

/** @param ask Asks the question with a number from 1, offering these in this order. */
export async function enumerate(
  all: readonly number[],
  ask: (offered: readonly number[], question: number) => Promise<Choice>,
  { isOrderWanted = true, isChosenKept = false, known = [] }: EnumerationRules = {},
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
