/** Checks of what programs hand to a client of monitors. */
import { objectOf, optionalChecked, optionsOf, requireObject } from '../../arguments/objects.ts'
import {
  refuseArgument,
  requireFunction,
  requireMilliseconds,
  requireString,
} from '../../arguments/single-values.ts'
import type { JsonObject } from '../protocol/json-value.ts'
import type { MonitorConnection } from './monitor-connection.ts'

export const checkConnection = optionsOf<MonitorConnection>({
  credentials: optionalChecked(objectOf({ connect: requireFunction })),
  hostname: optionalChecked(requireString),
  timeout: requireMilliseconds,
  onEvent: optionalChecked(requireFunction),
})

/** As deep as monitors read. */
const DEPTH_LIMIT = 1000

/** An object of what JSON has; integers may be number or bigint. */
export function requireJsonObject(value: unknown, name: string): JsonObject {
  const object = requireObject(value, name)
  requireJson(object, name, 0)
  return object as JsonObject
}

function requireJson(value: unknown, name: string, depth: number): void {
  const isScalar = value === null || ['string', 'boolean', 'bigint'].includes(typeof value)
  if (isScalar || (typeof value === 'number' && Number.isFinite(value))) return
  if (typeof value !== 'object' || depth > DEPTH_LIMIT) {
    refuseArgument(name, 'a value that JSON has', value)
  }
  for (const [key, member] of Object.entries(value as object)) {
    requireJson(member, `${name}.${key}`, depth + 1)
  }
}
