/** `query-version` */
import { MONITOR_VERSION } from '../monitor-version.ts'
import { INT, STR, struct } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'

const TRIPLE = struct('VersionTriple', { major: INT, minor: INT, micro: INT })

export const QUERY_VERSION = defineCommand({
  name: 'query-version',
  returns: struct('VersionInfo', { qemu: TRIPLE, package: STR }),
  run: () => MONITOR_VERSION,
})
