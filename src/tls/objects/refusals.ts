/** Refusals of objects: all of them are told, and none of them ends a running program. */
import { addOnce, collectDiagnostics } from '../../diagnostics/collect-diagnostics.ts'
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

/** Runs a step. Its refusal is told once, though all objects that need a refused secret are refused for it. */
export function collect(diagnostics: Diagnostic[], step: () => void): void {
  collectDiagnostics((diagnostic) => addOnce(diagnostics, diagnostic), step)
}
