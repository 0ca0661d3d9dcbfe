/** `qom-list` */
import { propertiesOf, qomTypeName } from '../host/object-properties.ts'
import { listOf, optional, STR, struct } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'
import { resolveQomPath } from './qom-path.ts'

const PROPERTY = struct('ObjectPropertyInfo', {
  name: STR,
  type: STR,
  description: optional(STR),
})

export const QOM_LIST = defineCommand({
  name: 'qom-list',
  arguments: struct('QomList', { path: STR }),
  returns: listOf(PROPERTY),
  run: ({ objects }, { path }) => {
    const found = resolveQomPath(objects, path)
    if (found === 'root') return [TYPE, { name: 'objects', type: 'child<container>' }]
    if (found === 'objects') {
      const children = objects.definitions.map(({ id, type }) => ({
        name: id,
        type: `child<${type}>`,
      }))
      return [TYPE, ...children.reverse()]
    }
    return [...propertiesOf(found.type)].map(([name, { type }]) => ({
      name,
      type: qomTypeName(type),
    }))
  },
})

const TYPE = { name: 'type', type: 'string' }
