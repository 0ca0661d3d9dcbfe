/** What became of a question, in the words of a report. */
import { expect, test } from 'vitest'
import type { Failure } from '../../src/audit/connection/failure.ts'
import { type Answer, answerOf, isAnswered, isWhole } from '../../src/audit/model.ts'
import { CLOSED } from './answers.ts'

const unknown = (because: string): Answer => ({ answer: 'unknown', because })

test.each<[Failure, Answer]>([
  [{ failure: 'closed' }, CLOSED],
  [{ failure: 'reset' }, CLOSED],
  [{ failure: 'rate-limited' }, { answer: 'rate-limited' }],
  [{ failure: 'timed-out' }, { answer: 'timed-out' }],
  [{ failure: 'budget-spent' }, unknown('budget spent')],
  [{ failure: 'time-spent' }, unknown('time spent')],
  [{ failure: 'interrupted' }, unknown('interrupted')],
  [{ failure: 'too-much' }, unknown('the server sent too much')],
  [{ failure: 'malformed', reason: 'rubbish' }, unknown('the server sent rubbish')],
  [{ failure: 'unreachable', reason: 'nothing listens' }, unknown('nothing listens')],
  [{ failure: 'no-upgrade', reason: 'has no TLS' }, unknown('the server has no TLS')],
])('%j is told as %j', (failure, answer) => {
  expect(answerOf(failure)).toEqual(answer)
})

test.each<[Answer, boolean, boolean]>([
  [{ answer: 'accepted' }, false, true],
  [{ answer: 'not-offered' }, true, true],
  [CLOSED, true, true],
  [{ answer: 'rate-limited' }, false, false],
  [{ answer: 'timed-out' }, false, false],
  [unknown('budget spent'), false, false],
])('a list that ended with %j is whole: %s; a question is answered: %s', (end, whole, answered) => {
  expect(isWhole({ end })).toBe(whole)
  expect(isAnswered(end)).toBe(answered)
})
