/** `query-block-exports` */
import { BOOL, enumOf, listOf, STR, struct } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'

const EXPORT = struct('BlockExportInfo', {
  id: STR,
  type: enumOf('BlockExportType', ['nbd']),
  'node-name': STR,
  'shutting-down': BOOL,
})

export const QUERY_BLOCK_EXPORTS = defineCommand({
  name: 'query-block-exports',
  returns: listOf(EXPORT),
  run: ({ nbd }) =>
    nbd.exports.map(({ id, nodeName, isShuttingDown }) => ({
      'node-name': nodeName,
      'shutting-down': isShuttingDown,
      type: 'nbd',
      id,
    })),
})
