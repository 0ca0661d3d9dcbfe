/** Executes a command: finds it, checks its arguments, and tells what goes wrong as clients of QEMU know it. */
import { DiagnosticError } from '../../diagnostics/diagnostic.ts'
import type { HostEndpoints } from '../host/host-endpoints.ts'
import type { JsonValue } from '../protocol/json-value.ts'
import { QmpError, refuseCommand } from '../protocol/qmp-error.ts'
import type { Request } from '../protocol/request.ts'
import { checkArguments } from '../schema/check-value.ts'
import { COMMANDS } from './all-commands.ts'
import type { Command } from './define-command.ts'
import { describeInQemuWords } from './qemu-words.ts'

/** @throws QmpError */
export function findCommand({ command, isOutOfBand }: Request): Command {
  const found = COMMANDS.get(command)
  if (!found) {
    return refuseCommand(`The command ${command} has not been found`, 'CommandNotFound')
  }
  if (isOutOfBand && !found.isOutOfBand) {
    refuseCommand(`The command ${command} does not support OOB`)
  }
  return found
}

/** @throws QmpError and nothing else */
export async function executeCommand(
  host: HostEndpoints,
  command: Command,
  request: Request,
): Promise<JsonValue> {
  try {
    const args = checkArguments(command.arguments, request.arguments)
    return (await command.run(host, args)) ?? {}
  } catch (error) {
    throw toQmpError(error, request)
  }
}

function toQmpError(error: unknown, request: Request): QmpError {
  if (error instanceof QmpError) return error
  if (error instanceof DiagnosticError) {
    return new QmpError(describeInQemuWords(error.diagnostics, request))
  }
  // A mistake of this program must not end the other endpoints.
  const message = error instanceof Error ? error.message : String(error)
  return new QmpError(`${request.command} failed for a reason that is not known here: ${message}`)
}
