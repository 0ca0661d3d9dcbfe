/** Runs a command, and tells what goes wrong as clients of QEMU know it. */
import { DiagnosticError } from '../../diagnostics/diagnostic.ts'
import type { HostEndpoints } from '../host/host-endpoints.ts'
import type { JsonValue } from '../protocol/json-value.ts'
import { QmpError } from '../protocol/qmp-error.ts'
import type { QmpRequest } from '../protocol/request.ts'
import { checkArguments } from '../schema/check-value.ts'
import type { Command } from './define-command.ts'
import { describeInQemuWords } from './qemu-words.ts'

/**
 * Checks the arguments of a command and executes it.
 *
 * @throws QmpError and nothing else
 */
export async function runCommand(
  host: HostEndpoints,
  command: Command,
  request: QmpRequest,
): Promise<JsonValue> {
  try {
    const args = checkArguments(command.arguments, request.arguments)
    return (await command.run(host, args)) ?? {}
  } catch (error) {
    throw toQmpError(error, request)
  }
}

export function toQmpError(error: unknown, request: QmpRequest): QmpError {
  if (error instanceof QmpError) return error
  if (error instanceof DiagnosticError) {
    return new QmpError(describeInQemuWords(error.diagnostics, request))
  }
  // A mistake of this program must not end the other endpoints.
  const message = error instanceof Error ? error.message : String(error)
  return new QmpError(`${request.command} failed for a reason that is not known here: ${message}`)
}
