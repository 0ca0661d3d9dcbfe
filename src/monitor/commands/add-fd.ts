/** `add-fd`: Node.js takes no descriptors from a socket, so none ever comes with the command. */
import { refuseCommand } from '../protocol/qmp-error.ts'
import { INT, optional, STR, struct } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'
import { NO_DESCRIPTOR } from './getfd.ts'

export const ADD_FD = defineCommand({
  name: 'add-fd',
  arguments: struct('AddFd', { 'fdset-id': optional(INT), opaque: optional(STR) }),
  run: () => refuseCommand(NO_DESCRIPTOR),
})
