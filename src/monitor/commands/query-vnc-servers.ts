/** `query-vnc-servers`: there is no display. */
import { ANY, listOf } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'

export const QUERY_VNC_SERVERS = defineCommand({
  name: 'query-vnc-servers',
  returns: listOf(ANY),
  run: () => [],
})
