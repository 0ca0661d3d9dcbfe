/** Refusals of objects: all of them are told, and none of them ends a running program. */
import { type Diagnostic, DiagnosticError, diagnose } from '../../diagnostics/diagnostic.ts'
import { OBJECT_KINDS } from '../object-diagnostics.ts'

/** A running program does not end by what a user wrote into a file, whatever it was. */
export function orDiagnose(step: () => void): void {
  try {
    step()
  } catch (error) {
    if (error instanceof DiagnosticError) throw error
    const message = error instanceof Error ? error.message : String(error)
    throw new DiagnosticError([diagnose(OBJECT_KINDS.loadFailed, { message })])
  }
}

/** Runs a step whose refusal is one of several to be told. */
export function collect(diagnostics: Diagnostic[], step: () => void): void {
  try {
    step()
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    for (const diagnostic of error.diagnostics) {
      // What keeps a secret from being made also keeps back whatever needs it.
      const isTold = diagnostics.some(
        ({ code, message }) => code === diagnostic.code && message === diagnostic.message,
      )
      if (!isTold) diagnostics.push(diagnostic)
    }
  }
}
