/** Objects as `object-add` takes them: a type, an id, and the properties that the type has. */
import { OBJECT_PROPERTIES } from '../host/object-properties.ts'
import {
  enumOf,
  type Members,
  optional,
  STR,
  type StructType,
  struct,
  union,
} from '../schema/qapi-types.ts'

const OBJECT_TYPE = enumOf('ObjectType', Object.keys(OBJECT_PROPERTIES))

export const OBJECT_OPTIONS = union(
  'ObjectOptions',
  { 'qom-type': OBJECT_TYPE, id: STR },
  'qom-type',
  Object.fromEntries(Object.keys(OBJECT_PROPERTIES).map((type) => [type, branchOf(type)])),
)

function branchOf(type: string): StructType {
  const properties = Object.entries(OBJECT_PROPERTIES[type] ?? {})
  const members: Members = Object.fromEntries(
    properties
      .filter(([, { isFixed }]) => !isFixed)
      .map(([name, { type: own, isRequired }]) => [name, isRequired ? own : optional(own)]),
  )
  return struct(`${type}-properties`, members)
}
