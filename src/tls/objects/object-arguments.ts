/** Checks of what programs hand to objects. */
import {
  listOfChecked,
  optionalChecked,
  optionsOf,
  requireObject,
} from '../../arguments/objects.ts'
import {
  integerWithin,
  LONGEST_TIME,
  requireFunction,
  requireInstance,
  requireMilliseconds,
  requireString,
} from '../../arguments/single-values.ts'
import type { ObjectDefinition } from '../../options/object-definition.ts'
import { checkConfig, checkRelease } from '../../priority/priority-arguments.ts'
import type { TlsObjectsContext, WatchOptions } from './tls-objects-options.ts'

export const checkDefinition = optionsOf<ObjectDefinition>({
  type: requireString,
  id: requireString,
  properties: requireObject,
  places: optionalChecked((value, name) => requireInstance(value, name, Map)),
  namePlaces: optionalChecked((value, name) => requireInstance(value, name, Map)),
})

export const checkDefinitions = listOfChecked(checkDefinition)

export const checkContext = optionsOf<TlsObjectsContext>({
  config: optionalChecked(checkConfig),
  readConfig: optionalChecked(requireFunction),
  release: optionalChecked(checkRelease),
  keyword: optionalChecked(requireString),
})

/** What takes no time at all would never let anything else happen. */
const interval = integerWithin(1, LONGEST_TIME)

export const checkWatchOptions = optionsOf<WatchOptions>({
  quiet: optionalChecked(requireMilliseconds),
  interval: optionalChecked(interval),
  patience: optionalChecked(requireMilliseconds),
  retryAfter: optionalChecked(interval),
})
