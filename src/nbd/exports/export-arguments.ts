/** Checks of the exports that programs hand over, and ask for. */
import {
  listOfChecked,
  objectOf,
  optionalChecked,
  optionsOf,
  requireObject,
} from '../../arguments/objects.ts'
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
  description: optionalChecked(requireString),
  storage: checkStorage,
  isReadOnly: requireBoolean,
  isShared: requireBoolean,
})

export const checkExports = listOfChecked(checkExport)

const checkFile = optionsOf({ path: requireName })
const checkMemory = optionsOf({ memory: integerWithin(0) })

const checkOrigin: ArgumentCheck = (value, name) =>
  'memory' in requireObject(value, name) ? checkMemory(value, name) : checkFile(value, name)

export const checkExportRequests = listOfChecked(
  optionsOf({
    name: requireString,
    description: optionalChecked(requireString),
    from: checkOrigin,
    offset: optionalChecked(integerWithin(0)),
  }),
)

export const checkExportOptions = optionsOf({
  isReadOnly: requireBoolean,
  isShared: requireBoolean,
  handling: optionalChecked(
    optionsOf({
      cache: optionalChecked(oneOf(['writeback', 'writethrough'])),
      discard: optionalChecked(oneOf(['unmap', 'ignore'])),
      detectZeroes: optionalChecked(oneOf(['off', 'on', 'unmap'])),
    }),
  ),
})
