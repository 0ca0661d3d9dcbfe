/** `closefd`: there are no descriptors of clients. */
import { refuseCommand } from '../protocol/qmp-error.ts'
import { STR, struct } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'

export const CLOSEFD = defineCommand({
  name: 'closefd',
  arguments: struct('CloseFd', { fdname: STR }),
  run: (_, { fdname }) => refuseCommand(`File descriptor named '${fdname}' not found`),
})
