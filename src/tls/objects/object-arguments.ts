/** Checks of what programs hand to objects. */
import { listOf, optional, optionsOf, requireObject } from '../../arguments/objects.ts'
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
  places: optional((value, name) => requireInstance(value, name, Map)),
})

export const checkDefinitions = listOf(checkDefinition)

export const checkContext = optionsOf<TlsObjectsContext>({
  config: optional(checkConfig),
  readConfig: optional(requireFunction),
  release: optional(checkRelease),
  keyword: optional(requireString),
})

/** What takes no time at all would never let anything else happen. */
const interval = integerWithin(1, LONGEST_TIME)

export const checkWatchOptions = optionsOf<WatchOptions>({
  quiet: optional(requireMilliseconds),
  interval: optional(interval),
  patience: optional(requireMilliseconds),
  retryAfter: optional(interval),
})
