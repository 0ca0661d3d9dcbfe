/** Findings about what could not be learnt. */
import type { Answer } from '../model.ts'
import type { Finding } from './finding.ts'
import { FINDING_KINDS, makeFinding } from './finding-kinds.ts'

/** Whether an answer says whether the server has something. */
function isAnswered({ answer }: Answer): boolean {
  return answer === 'accepted' || answer === 'not-offered' || answer === 'refused'
}

/** Nothing where the answer is one. */
export function unlessAnswered(
  answer: Answer,
  kind: string,
  name: string,
  version: string | null,
  evidence: readonly string[],
): readonly Finding[] {
  if (isAnswered(answer)) return []
  const item = { kind, name, version }
  return [makeFinding(FINDING_KINDS.unknown, { item, evidence, detail: inWords(answer) })]
}

function inWords(answer: Answer): string {
  if (answer.answer === 'unknown') return answer.because
  return answer.answer === 'timed-out' ? 'it timed out' : 'it was rate-limited'
}
