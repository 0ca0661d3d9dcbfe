/** How lists are asked for: what is found, by whose order, why it ended, and how many questions that takes. */
import { expect, test } from 'vitest'
import type { Answer } from '../../../src/audit/model.ts'
import {
  type Choice,
  type EnumerationRules,
  enumerate,
  type Found,
  withKnownOrder,
} from '../../../src/audit/probes/enumerate.ts'
import { NOT_OFFERED, REFUSED, TIMED_OUT } from '../answers.ts'

/** A server that has these, in its order. */
const byServer = (has: readonly number[]) => (offered: readonly number[]) =>
  has.find((one) => offered.includes(one))

const byClient = (has: readonly number[]) => (offered: readonly number[]) =>
  offered.find((one) => has.includes(one))

async function found(
  all: readonly number[],
  choose: (offered: readonly number[], question: number) => number | undefined,
  rules?: EnumerationRules,
  end: Answer | ((offered: readonly number[]) => Answer) = REFUSED,
): Promise<Found & { readonly questions: readonly (readonly number[])[] }> {
  const questions: (readonly number[])[] = []
  const ask = async (offered: readonly number[], question: number): Promise<Choice> => {
    questions.push(offered)
    expect(question).toBe(questions.length)
    const chosen = choose(offered, question)
    return chosen === undefined
      ? { end: typeof end === 'function' ? end(offered) : end }
      : { chosen }
  }
  return { ...(await enumerate(all, ask, rules)), questions }
}

test('of a server with an order of its own, all are found in that order', async () => {
  expect(await found([1, 2, 3, 4], byServer([3, 1, 2]))).toEqual({
    ...{ items: [3, 1, 2], order: 'server', end: REFUSED },
    questions: [[1, 2, 3, 4], [1, 2, 4, 3], [1, 2, 4], [2, 4], [4]],
  })
})

test('of a server that leaves the order to its clients, one question less is needed', async () => {
  expect(await found([1, 2, 3, 4], byClient([3, 1, 2]))).toEqual({
    ...{ items: [1, 2, 3], order: 'client', end: REFUSED },
    questions: [[1, 2, 3, 4], [2, 3, 4, 1], [3, 4], [4]],
  })
})

test('where all are accepted, no question without an offer is asked', async () => {
  const { end, questions } = await found([1, 2], byServer([1, 2]))
  expect([end, questions]).toEqual([NOT_OFFERED, [[1, 2], [2, 1], [2]]])
})

test('a failure ends the list, which keeps what was found', async () => {
  const failing = await found([1, 2, 3], byServer([2]), {}, TIMED_OUT)
  expect(failing).toMatchObject({ items: [2], end: TIMED_OUT })
})

test('what was not offered is no item', async () => {
  const end = { answer: 'unknown', because: 'the server chose what was not offered' }
  expect(await found([1, 2, 3], () => 7)).toMatchObject({ items: [], end })
  expect(await found([1, 2, 3], (_, question) => [1, 2, 1][question - 1])).toMatchObject({
    ...{ items: [1, 2], order: 'client', end },
  })
})

test('what a client has to offer always stays on offer where the order is its own', async () => {
  /** As a server whose certificate has the curve 1. */
  const choose = (offered: readonly number[]) =>
    offered.includes(1) ? byClient([1, 2, 3])(offered) : undefined
  const kept = await found([1, 2, 3, 4], choose, { isChosenKept: true })
  expect(kept).toMatchObject({ items: [1, 2, 3], order: 'client', end: NOT_OFFERED })
  expect(kept.questions.slice(1)).toEqual([
    [2, 3, 4, 1],
    [3, 4, 1, 2],
    [4, 1, 2, 3],
  ])
  const ordered = await found([1, 2, 3], byServer([2, 1]), { isChosenKept: true })
  expect(ordered.questions).toEqual([[1, 2, 3], [1, 3, 2], [1, 3], [3]])
})

test('where no order is wanted, nothing is offered twice', async () => {
  expect(await found([1, 2, 3], byServer([3, 1]), { isOrderWanted: false })).toEqual({
    ...{ items: [3, 1], order: 'unknown', end: REFUSED },
    questions: [[1, 2, 3], [1, 2], [2]],
  })
})

test('what is known already is not asked for; it shows the order', async () => {
  expect(await found([1, 2, 3], byServer([3, 1]), { known: [3] })).toEqual({
    ...{ items: [3, 1], order: 'server', end: REFUSED },
    questions: [[1, 2, 3], [1, 2], [2]],
  })
  const unordered = { known: [3], isOrderWanted: false }
  expect((await found([1, 2, 3], byServer([3, 1]), unordered)).questions).toEqual([[1, 2], [2]])
  expect(await found([1], byServer([1]), { known: [1] })).toMatchObject({
    ...{ items: [1], end: NOT_OFFERED, questions: [] },
  })
})

test('in batches, all are found, and then the order of all', async () => {
  expect(await found([1, 2, 3, 4, 5, 6], byServer([5, 1, 4]), { batch: 2 })).toEqual({
    ...{ items: [5, 1, 4], order: 'server', end: REFUSED },
    questions: [[1, 2], [2], [3, 4], [3], [5, 6], [6], [1, 4, 5], [1, 4, 5], [1, 4], [4]],
  })
  expect(await found([1, 2, 3], byServer([2, 1]), { batch: 3 })).toMatchObject({
    ...{ items: [2, 1], order: 'server' },
  })
})

test('in batches, no order is asked for where none is wanted, or there is one item', async () => {
  const none = await found([1, 2, 3], byServer([3, 1]), { batch: 2, isOrderWanted: false })
  expect(none).toMatchObject({ items: [1, 3], order: 'unknown', end: NOT_OFFERED })
  expect(none.questions).toEqual([[1, 2], [2], [3]])
  const one = await found([1, 2, 3], byServer([3]), { batch: 2 })
  expect(one).toMatchObject({ items: [3], order: 'unknown', questions: [[1, 2], [3]] })
})

test('in batches, what is known is not asked for', async () => {
  const rules = { batch: 2, known: [2], isOrderWanted: false }
  expect(await found([1, 2, 3, 4], byServer([4, 2]), rules)).toMatchObject({
    ...{ items: [2, 4], questions: [[1, 3], [4]] },
  })
})

test('a batch that fails ends the list', async () => {
  const end = (offered: readonly number[]) => (offered.includes(3) ? TIMED_OUT : REFUSED)
  const failing = await found([1, 2, 3, 4, 5], byServer([1, 5]), { batch: 2 }, end)
  expect(failing).toMatchObject({ items: [1], order: 'unknown', end: TIMED_OUT })
  expect(failing.questions).toEqual([[1, 2], [2], [3, 4]])
})

test('a server that will not have all batches at once shows no order', async () => {
  const choose = (offered: readonly number[]) =>
    offered.length > 2 ? undefined : byServer([3, 4, 1])(offered)
  const shown = await found([1, 2, 3, 4, 5], choose, { batch: 2 })
  expect(shown).toMatchObject({ items: [1, 3, 4], order: 'unknown', end: REFUSED })
})

test('of one item there is no order', () => {
  const one: Found = { items: [1], order: 'server', end: REFUSED }
  expect(withKnownOrder(one)).toEqual({ ...one, order: 'unknown' })
  expect(withKnownOrder({ ...one, items: [1, 2] }).order).toBe('server')
})
