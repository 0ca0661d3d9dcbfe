/** `getfd`: Node.js takes no descriptors from a socket, so none ever comes with the command. */
import { refuseCommand } from '../protocol/qmp-error.ts'
import { STR, struct } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'

/** Of QEMU, where a client sent none. */
export const NO_DESCRIPTOR = 'No file descriptor supplied via SCM_RIGHTS'

export const GETFD = defineCommand({
  name: 'getfd',
  arguments: struct('GetFd', { fdname: STR }),
  run: () => refuseCommand(NO_DESCRIPTOR),
})
