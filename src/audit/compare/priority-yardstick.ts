/** A priority string of GnuTLS as a yardstick. */
import { formatLocation, type Source, type Span, spanText } from '../../diagnostics/source.ts'
import { allowedTls, type EvaluateOptions, type Evaluation } from '../../priority/evaluate.ts'
import { type AskedAlgorithm, type Decision, findVerdict } from '../../priority/verdict.ts'
import type { Reason } from './finding.ts'
import type { AskedItem, TlsYardstick } from './yardstick.ts'

export function priorityYardstick(
  source: Source,
  evaluation: Evaluation,
  options: EvaluateOptions,
): TlsYardstick {
  return {
    title: `the priority string ${source.text}`,
    allowed: allowedTls(evaluation),
    silentOn: [],
    reasonsFor: (item) => {
      const subject = subjectOf(item)
      if (!subject)
        return [{ text: `verification profile ${evaluation.profile ?? 'none'}`, place: null }]
      const verdict = findVerdict(source, subject, options)
      if (!verdict) return [{ text: `GnuTLS has no name for ${item.name}`, place: null }]
      return [reasonOf(verdict.deciding.decision, verdict.deciding.name)]
    },
  }
}

const KINDS = {
  version: 'protocol',
  suite: 'suite',
  group: 'group',
  'signature scheme': 'signature',
} as const satisfies Partial<Record<AskedItem['kind'], AskedAlgorithm['kind']>>

function subjectOf(item: AskedItem): AskedAlgorithm | undefined {
  return item.kind === 'key size' ? undefined : { kind: KINDS[item.kind], name: item.name }
}

function reasonOf(decision: Decision, name: string): Reason {
  switch (decision.by) {
    case 'token':
      return atSpan(decision.step.span)
    case 'prohibition':
      return { text: `the configuration of GnuTLS forbids ${name}`, place: null }
    case 'adjustment':
      return { text: `GnuTLS takes ${name} away, which nothing can use`, place: null }
    case 'start':
      return { text: `every string begins with ${name}`, place: null }
    case 'nothing':
      return { text: `no word of the string names ${name}`, place: null }
  }
}

function atSpan(span: Span): Reason {
  return { text: spanText(span), place: formatLocation(span) }
}
