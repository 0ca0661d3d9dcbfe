/** Checks of what programs hand to an NBD client. */
import { objectOf, optional, optionsOf, requireObject } from '../../arguments/objects.ts'
import {
  integerWithin,
  requireBoolean,
  requireFunction,
  requireInstance,
  requireMilliseconds,
  requireOneOf,
  requireString,
} from '../../arguments/single-values.ts'

/** A server that keeps its promises has no use for more. */
const REQUEST_LIMIT = 65_536

const checkSecured = optionsOf({
  mode: requireString,
  credentials: objectOf({ connect: requireFunction }),
  hostname: optional(requireString),
})

function checkTls(value: unknown, name: string): void {
  const { mode } = requireObject(value, name)
  requireOneOf(mode, ['off', 'optional', 'required'], `${name}.mode`)
  if (mode !== 'off') checkSecured(value, name)
}

const CONNECT_OPTIONS = {
  tls: optional(checkTls),
  warn: optional(requireFunction),
  timeout: optional(requireMilliseconds),
  maximumInFlight: optional(integerWithin(1, REQUEST_LIMIT)),
  context: optional(requireString),
  signal: optional((value: unknown, name: string) => requireInstance(value, name, AbortSignal)),
}

export const checkClientOptions = optionsOf(CONNECT_OPTIONS)

export const checkListOptions = optionsOf({ ...CONNECT_OPTIONS, detail: optional(requireBoolean) })

const flag = optional(requireBoolean)

export const checkDurability = optionsOf({ durable: flag })

export const checkZeroing = optionsOf({ durable: flag, keep: flag, fast: flag })
