/** Checks of what programs hand to an NBD client. */
import { objectOf, optionalChecked, optionsOf, requireObject } from '../../arguments/objects.ts'
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
  hostname: optionalChecked(requireString),
})

function checkTls(value: unknown, name: string): void {
  const { mode } = requireObject(value, name)
  requireOneOf(mode, ['off', 'optional', 'required'], `${name}.mode`)
  if (mode !== 'off') checkSecured(value, name)
}

const CONNECT_OPTIONS = {
  tls: optionalChecked(checkTls),
  warn: optionalChecked(requireFunction),
  timeout: optionalChecked(requireMilliseconds),
  maximumInFlight: optionalChecked(integerWithin(1, REQUEST_LIMIT)),
  context: optionalChecked(requireString),
  signal: optionalChecked((value: unknown, name: string) =>
    requireInstance(value, name, AbortSignal),
  ),
}

export const checkClientOptions = optionsOf(CONNECT_OPTIONS)

export const checkListOptions = optionsOf({
  ...CONNECT_OPTIONS,
  detail: optionalChecked(requireBoolean),
})

const flag = optionalChecked(requireBoolean)

export const checkDurability = optionsOf({ durable: flag })

export const checkZeroing = optionsOf({ durable: flag, keep: flag, fast: flag })
