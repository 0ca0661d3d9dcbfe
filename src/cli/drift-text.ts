/** Says in words where a host differs from its policy, and why. */
import type { JsonResult } from '../diagnostics/diagnostic-json.ts'
import { printable } from '../diagnostics/print-diagnostic.ts'
import type { Drift, DriftCause } from '../system/drift.ts'

const CAUSES: { readonly [C in DriftCause]: string } = {
  'hand-edit': 'it was changed by hand after it was written',
  'drop-in': 'a drop-in was added, changed or removed',
  'policy-file': 'a policy file was changed',
  'configured-policy': 'another policy was configured since',
  'pre-built': 'the pre-built output that it leads to was changed since',
  'never-applied': 'no policy has been put in force here',
  package: 'this program or its pre-built outputs are of another version than those that wrote it',
  unknown: 'it was not written by this program',
}

/** How much of a line is shown, in characters. */
const SHOWN = 100

/** The lines that tell one difference: the file and the cause, then both texts. */
export function describeDrift(drift: Drift): readonly string[] {
  const where = drift.line === undefined ? drift.file : `${drift.file}:${drift.line}`
  const what = {
    differs: 'differs',
    missing: 'is missing',
    unreadable: 'is no file that programs could read',
    unexpected: 'does not belong here',
  }
  const because = drift.because.length > 0 ? ` (${drift.because.join(', ')})` : ''
  const lines = [`${where}: ${what[drift.kind]}: ${describeCause(drift)}${because}`]
  if (drift.kind !== 'differs') return lines
  const texts = [`  expected: ${shorten(drift.expected)}`, `  found:    ${shorten(drift.found)}`]
  return [...lines, ...texts.map((text) => text.trimEnd())]
}

/** For --json. */
export function driftToJson({ line, expected, found, ...drift }: Drift): JsonResult {
  return { ...drift, line: line ?? null, expected: expected ?? null, found: found ?? null }
}

function describeCause({ kind, cause }: Drift): string {
  if (kind === 'missing' && cause === 'hand-edit') return 'it was removed after it was written'
  if (kind === 'missing' && cause === 'unknown') return 'this program has not written it'
  return CAUSES[cause]
}

function shorten(text = ''): string {
  const shown = printable(text)
  return shown.length > SHOWN ? `${shown.slice(0, SHOWN)}...` : shown
}
