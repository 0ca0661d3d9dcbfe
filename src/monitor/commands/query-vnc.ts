/** `query-vnc`: there is no display. */
import { BOOL, struct } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'

export const QUERY_VNC = defineCommand({
  name: 'query-vnc',
  returns: struct('VncInfo', { enabled: BOOL }),
  run: () => ({ enabled: false }),
})
