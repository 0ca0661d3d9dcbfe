/** `qom-get` */
import { ANY, STR, struct } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'
import { requireQomObject } from './qom-path.ts'

export const QOM_GET = defineCommand({
  name: 'qom-get',
  arguments: struct('QomGet', { path: STR, property: STR }),
  returns: ANY,
  run: ({ objects }, { path, property }) =>
    objects.readProperty(requireQomObject(objects, path, property), property),
})
