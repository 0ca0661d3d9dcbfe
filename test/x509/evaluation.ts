/** What a priority string evaluates to. */
import type { Evaluation } from '../../src/priority/evaluate.ts'
import { requirePriority } from '../../src/priority/failure/failure-diagnostics.ts'
import { parseSystemConfig } from '../../src/priority/system-config.ts'

export function evaluationOf(text: string, config = ''): Evaluation {
  const source = { name: '<config>', text: config }
  return requirePriority({ name: '<priority>', text }, { config: parseSystemConfig(source) })
}
