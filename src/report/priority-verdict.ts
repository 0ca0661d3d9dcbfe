/** Prints whether a priority string allows something, and who decided. */
import { type JsonResult, locationToJson } from '../diagnostics/diagnostic-json.ts'
import { formatLocation, type Span } from '../diagnostics/source.ts'
import type { Prohibition } from '../priority/algorithm-rules.ts'
import { LIST_TITLES } from '../priority/priority-lists.ts'
import type { Decision, Part, Verdict } from '../priority/verdict.ts'
import { alignColumns } from './table.ts'

/** The answer, then everything that has to be there; `>` marks the part that decided. */
export function printVerdict(verdict: Verdict): readonly string[] {
  const { name, allowed, parts, deciding } = verdict
  const answer = `${name} is ${allowed ? 'allowed' : 'not allowed'}`
  const rows = parts.map((part) => [
    part === deciding ? '>' : ' ',
    part.present ? 'has' : 'lacks',
    titleOf(part),
    part.name,
    describeDecision(part.decision),
  ])
  // Where all is there and it is not allowed, the string as a whole allows nothing.
  const isRefused = deciding.present && !allowed
  const reason = isRefused ? 'GnuTLS refuses the string' : describeDecision(deciding.decision)
  return [`${answer}: ${reason}`, ...alignColumns(rows)]
}

/** For --json. */
export function verdictToJson({ name, allowed, parts, deciding }: Verdict): JsonResult {
  return { name, allowed, deciding: partToJson(deciding), parts: parts.map(partToJson) }
}

function partToJson(part: Part): JsonResult {
  const { kind, name, present, decision } = part
  const step = decision.by === 'token' ? decision.step : undefined
  const prohibition = 'prohibition' in decision ? decision.prohibition : undefined
  return {
    kind,
    name,
    present,
    by: decision.by,
    token: step?.token.text ?? null,
    location: locationToJson(step?.span ?? lineOf(prohibition)),
    why: describeDecision(decision),
  }
}

function titleOf({ kind }: Part): string {
  return kind === 'hash' || kind === 'curve' ? kind : LIST_TITLES[kind]
}

function describeDecision(decision: Decision): string {
  switch (decision.by) {
    case 'token':
      return `token ${decision.step.token.text} at ${formatLocation(decision.step.span)}`
    case 'start':
      return 'every string starts with it'
    case 'adjustment':
      return `${decision.adjustment.reason}${describeProhibition(decision.prohibition)}`
    case 'prohibition':
      return `forbidden${describeProhibition(decision.prohibition)}`
    case 'nothing':
      return 'no token names it'
  }
}

function describeProhibition(prohibition: Prohibition | undefined): string {
  if (prohibition === undefined) return ''
  if (prohibition === 'built in') return ' by the library itself'
  if (prohibition === 'not on the allowlist') return ': the allowlist does not name it'
  return ` by ${prohibition.key} at ${formatLocation(prohibition.line)}`
}

function lineOf(prohibition: Prohibition | undefined): Span | undefined {
  return typeof prohibition === 'object' ? prohibition.line : undefined
}
