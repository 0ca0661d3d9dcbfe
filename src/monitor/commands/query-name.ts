/** `query-name` */
import { optional, STR, struct } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'

export const QUERY_NAME = defineCommand({
  name: 'query-name',
  returns: struct('NameInfo', { name: optional(STR) }),
  run: ({ name }) => (name === undefined ? {} : { name }),
})
