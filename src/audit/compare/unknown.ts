/** Findings about what could not be learnt. */
import { type Answer, BUDGET_SPENT, isAnswered } from '../model.ts'
import type { Finding } from './finding.ts'
import { FINDING_KINDS, makeFinding } from './finding-kinds.ts'

/**
 * Nothing where the answer is one.
 *
 * @param remedy Where to ask again does not help.
 */
export function unlessAnswered(
  answer: Answer,
  kind: string,
  name: string,
  version: string | null,
  evidence: readonly string[],
  remedy = remedyFor(answer),
): readonly Finding[] {
  if (isAnswered(answer)) return []
  const item = { kind, name, version }
  const detail = inWords(answer)
  return [makeFinding(FINDING_KINDS.unknown, { item, evidence, detail, remedy })]
}

function remedyFor(answer: Answer): string {
  if (answer.answer === 'rate-limited') return 'Ask again with --rate.'
  if (answer.answer === 'timed-out') return 'Ask again with a longer --timeout.'
  const isSpent = answer.answer === 'unknown' && answer.because === BUDGET_SPENT
  return isSpent
    ? 'Ask again with a larger --budget.'
    : 'Look into the log of the server, and ask again.'
}

function inWords(answer: Answer): string {
  if (answer.answer === 'unknown') return answer.because
  return answer.answer === 'timed-out' ? 'it timed out' : 'it was rate-limited'
}
