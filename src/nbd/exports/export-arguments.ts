/** Checks of the exports that programs hand over, and ask for. */
import { listOf, objectOf, optional, optionsOf, requireObject } from '../../arguments/objects.ts'
import {
  type ArgumentCheck,
  integerWithin,
  requireBoolean,
  requireFunction,
  requireName,
  requireOneOf,
  requireString,
} from '../../arguments/single-values.ts'

function oneOf(values: readonly string[]): ArgumentCheck {
  return (value, name) => requireOneOf(value, values, name)
}

const checkStorage = objectOf({
  size: integerWithin(0),
  isReadOnly: requireBoolean,
  isSparse: requireBoolean,
  ...{ readNow: requireFunction, read: requireFunction, write: requireFunction },
  ...{ flush: requireFunction, trim: requireFunction, zero: requireFunction },
  ...{ extents: requireFunction, close: requireFunction },
})

export const checkExport = optionsOf({
  name: requireString,
  description: optional(requireString),
  storage: checkStorage,
  isReadOnly: requireBoolean,
  isShared: requireBoolean,
})

export const checkExports = listOf(checkExport)

const checkFile = optionsOf({ path: requireName })
const checkMemory = optionsOf({ memory: integerWithin(0) })

const checkOrigin: ArgumentCheck = (value, name) =>
  'memory' in requireObject(value, name) ? checkMemory(value, name) : checkFile(value, name)

export const checkExportRequests = listOf(
  optionsOf({
    name: requireString,
    description: optional(requireString),
    from: checkOrigin,
    offset: optional(integerWithin(0)),
  }),
)

export const checkExportOptions = optionsOf({
  isReadOnly: requireBoolean,
  isShared: requireBoolean,
  handling: optional(
    optionsOf({
      cache: optional(oneOf(['writeback', 'writethrough'])),
      discard: optional(oneOf(['unmap', 'ignore'])),
      detectZeroes: optional(oneOf(['off', 'on', 'unmap'])),
    }),
  ),
})
