/** How a handshake ended, in one word. */
import { DiagnosticError } from '../../src/diagnostics/diagnostic.ts'

/** `secured`, or the code of the first error. */
export async function codeOf(secured: Promise<unknown>): Promise<string> {
  try {
    await secured
    return 'secured'
  } catch (error) {
    return error instanceof DiagnosticError ? `${error.diagnostics[0]?.code}` : `${error}`
  }
}
