/** Work that goes on after a refusal, so that one run tells all that is wrong. */
import { type Diagnostic, DiagnosticError } from './diagnostic.ts'

/** Runs one step. If it is refused, hands each of its diagnostics on; the result is then undefined. */
export function collectDiagnostics<Value>(
  add: (diagnostic: Diagnostic) => void,
  step: () => Value,
): Value | undefined {
  try {
    return step()
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    error.diagnostics.forEach(add)
    return undefined
  }
}

/** Adds a diagnostic, unless one with the same text is there. */
export function addOnce(diagnostics: Diagnostic[], diagnostic: Diagnostic): void {
  const isThere = diagnostics.some(
    ({ code, message }) => code === diagnostic.code && message === diagnostic.message,
  )
  if (!isThere) diagnostics.push(diagnostic)
}
