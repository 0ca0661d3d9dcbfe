/** Checks of the addresses that programs hand to servers and clients. */
import type { ListenOptions } from 'node:net'
import { optionalChecked, optionsOf, requireObject } from '../arguments/objects.ts'
import {
  type ArgumentCheck,
  integerWithin,
  refuseArgument,
  requireBoolean,
  requireName,
  requireOneOf,
  requireString,
} from '../arguments/single-values.ts'

const PORT_LIMIT = 65_535

/** The type of a descriptor in the kernel. */
const DESCRIPTOR_LIMIT = 2 ** 31 - 1

/** A name in Linux's abstract namespace begins with NUL. */
const requirePath: ArgumentCheck = (value, name) =>
  value === '' ? refuseArgument(name, 'a path', value) : requireString(value, name)

const checkTcp = optionsOf({
  kind: requireString,
  host: requireName,
  port: integerWithin(1, PORT_LIMIT),
})

const checkUnix = optionsOf({ kind: requireString, path: requirePath })

/** A `SocketAddress` to connect to. */
export function checkAddress(value: unknown, name: string): void {
  const { kind } = requireObject(value, name)
  requireOneOf(kind, ['tcp', 'unix'], `${name}.kind`)
  const check = kind === 'tcp' ? checkTcp : checkUnix
  check(value, name)
}

const flag = optionalChecked(requireBoolean)

const checkKeys = optionsOf<ListenOptions & { readonly fd?: number }>({
  path: optionalChecked(requirePath),
  host: optionalChecked(requireString),
  port: optionalChecked(integerWithin(0, PORT_LIMIT)),
  fd: optionalChecked(integerWithin(0, DESCRIPTOR_LIMIT)),
  backlog: optionalChecked(integerWithin(1, DESCRIPTOR_LIMIT)),
  ...{ exclusive: flag, readableAll: flag, writableAll: flag, reusePort: flag, ipv6Only: flag },
  ...{ signal: optionalChecked(requireObject), handle: optionalChecked(requireObject) },
})

/** Where to listen: a path, a port or a descriptor. */
export function checkListenOptions(value: unknown, name: string): void {
  const { path, port, fd, handle } = checkKeys(value, name)
  if ([path, port, fd, handle].some((place) => place !== undefined)) return
  refuseArgument(`${name}.port`, 'there, unless a path, an fd or a handle is', port)
}
