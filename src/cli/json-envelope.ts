/**
 * What a run prints under --json: one document of one shape, whatever the command is and however it
 * ends. docs/schemas/ has a schema for each command.
 */
import { type Diagnostic, diagnose, hasErrors } from '../diagnostics/diagnostic.ts'
import { diagnosticToJson, type JsonResult, printJson } from '../diagnostics/diagnostic-json.ts'
import { CLI_KINDS } from './cli-diagnostics.ts'

class JsonEnvelope {
  #command = 'error'
  #isWanted = false
  #result: JsonResult | undefined
  #diagnostics: Diagnostic[] = []

  /**
   * Begins the document of a run; nothing of an earlier run in the same process is part of it.
   *
   * @param command The words of the command without the program, such as `nbd info`.
   */
  begin(command: string, isWanted: boolean): void {
    this.#command = command
    this.#isWanted = isWanted
    this.#result = undefined
    this.#diagnostics = []
  }

  /** Whether the run was asked for JSON. */
  get isWanted(): boolean {
    return this.#isWanted
  }

  setResult(result: JsonResult): void {
    this.#result = result
  }

  report(diagnostic: Diagnostic): void {
    this.#diagnostics.push(diagnostic)
  }

  /** There is a result exactly where there is no error, so that a program has to ask one thing only. */
  print(): string {
    if (!this.#result && !hasErrors(this.#diagnostics)) {
      this.report(diagnose(CLI_KINDS.internal, { message: 'there is no result' }))
    }
    const ok = !hasErrors(this.#diagnostics)
    const envelope = {
      schema: `cryptopolicy.${this.#command.replaceAll(' ', '-')}.v1`,
      ok,
      result: ok ? this.#result : null,
      diagnostics: this.#diagnostics.map(diagnosticToJson),
    }
    return `${printJson(envelope, 2)}\n`
  }
}

/** Standard output is one for a process, and so is what is printed to it. */
export const ENVELOPE = new JsonEnvelope()
