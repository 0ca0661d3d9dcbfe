/** What update-crypto-policies prints first, for scripts that call this program by that name. */
import type { Diagnostic, ReferenceLine } from '../diagnostics/diagnostic.ts'
import { printable } from '../diagnostics/print-diagnostic.ts'

/** The name under which the lines of the reference are printed too. */
export const REFERENCE_NAME = 'update-crypto-policies'

/**
 * The lines that it prints for these, which are all that one run has to tell. Errors of a policy are
 * listed as warnings first; then the first of them ends the run.
 */
export function referenceLines(diagnostics: readonly Diagnostic[]): readonly string[] {
  const told = diagnostics.flatMap(({ reference, severity }) =>
    reference ? [{ ...reference, severity }] : [],
  )
  const first = told.find(({ severity, kind }) => severity === 'error' && kind !== undefined)
  const unnamed = told.find(({ severity, kind }) => severity === 'error' && kind === undefined)
  const named = told.filter(({ severity, kind }) => severity !== 'error' || kind !== undefined)
  // update-crypto-policies looks for all files first, and stops at the first that is missing.
  if (unnamed) return [unnamed.text].map(printable)
  const lines = named.flatMap(listLines)
  if (first) lines.push('Errors found in policy, first one:  ', first.text)
  return lines.map(printable)
}

function listLines({ kind, text }: ReferenceLine): readonly string[] {
  if (kind === undefined) return text.split('\n')
  return [`${kind}: ${text.charAt(0).toUpperCase()}${text.slice(1)}`]
}

/** A diagnostic whose texts call the program by the name under which it was called. */
export function renameProgram(diagnostic: Diagnostic, name: string): Diagnostic {
  const rename = (text: string) => text.replaceAll(/\bupdate-policies\b/g, name)
  const { message, hint } = diagnostic
  return {
    ...diagnostic,
    message: rename(message),
    ...(hint === undefined ? {} : { hint: rename(hint) }),
  }
}
