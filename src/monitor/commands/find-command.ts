/** Finds the command of a request. */
import { refuseCommand } from '../protocol/qmp-error.ts'
import type { QmpRequest } from '../protocol/request.ts'
import { COMMANDS } from './all-commands.ts'
import type { Command } from './define-command.ts'

/** @throws QmpError */
export function findCommand({ command, isOutOfBand }: QmpRequest): Command {
  const found = COMMANDS.get(command)
  if (!found) {
    return refuseCommand(`The command ${command} has not been found`, 'CommandNotFound')
  }
  if (isOutOfBand && !found.isOutOfBand) {
    refuseCommand(`The command ${command} does not support OOB`)
  }
  return found
}
