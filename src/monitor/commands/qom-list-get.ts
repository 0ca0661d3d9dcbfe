/** `qom-list-get`: the properties of objects with their values; of QEMU 10.1. */
import { propertiesOf, qomTypeName } from '../host/object-properties.ts'
import { ANY, listOf, optional, STR, struct } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'
import { requireQomObject } from './qom-path.ts'

const VALUE = struct('ObjectPropertyValue', { name: STR, type: STR, value: optional(ANY) })

export const QOM_LIST_GET = defineCommand({
  name: 'qom-list-get',
  arguments: struct('QomListGet', { paths: listOf(STR) }),
  returns: listOf(struct('ObjectPropertiesValues', { properties: listOf(VALUE) })),
  run: ({ objects }, { paths }) =>
    paths.map((path) => {
      const definition = requireQomObject(objects, path, path)
      const properties = [...propertiesOf(definition.type)].map(([name, { type, isSecret }]) => ({
        name,
        type: qomTypeName(type),
        ...(isSecret ? {} : { value: objects.readProperty(definition, name) }),
      }))
      return { properties }
    }),
})
