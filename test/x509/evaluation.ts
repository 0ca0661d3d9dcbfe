/** What a priority string evaluates to. */
import type { Evaluation } from '../../src/priority/evaluate.ts'
import { requirePriority } from '../../src/priority/failure-diagnostics.ts'

export function evaluationOf(text: string): Evaluation {
  return requirePriority({ name: '<priority>', text }, {})
}
