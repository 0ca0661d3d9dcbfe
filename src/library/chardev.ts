/** `cryptopolicy/chardev`: character devices over TLS, in the words of QEMU. */
import { madeBy, optionalChecked, optionsOf } from '../arguments/objects.ts'
import {
  integerWithin,
  requireBoolean,
  requireFunction,
  requireSeconds,
  requireString,
} from '../arguments/single-values.ts'
import type { ChardevEvent } from '../chardev/chardev-event.ts'
import type { ChardevDefinition } from '../chardev/definition/chardev-definition.ts'
import {
  type ParseChardevOptions,
  parseChardev as parse,
} from '../chardev/definition/parse-chardev.ts'
import { ChardevRegistry } from '../chardev/registry/chardev-registry.ts'
import { TlsObjects } from '../tls/objects/tls-objects.ts'

export type { ChardevEvent } from '../chardev/chardev-event.ts'
export type {
  ChardevAddress,
  ChardevBackend,
  ChardevDefinition,
  ChardevLog,
  SocketBackend,
  WriterRule,
} from '../chardev/definition/chardev-definition.ts'
export type { ParseChardevOptions } from '../chardev/definition/parse-chardev.ts'
export type { RingBuffer } from '../chardev/end/ring-buffer.ts'
export type { ChardevInfo, ChardevRegistry } from '../chardev/registry/chardev-registry.ts'
export type { Join } from '../chardev/registry/lasting-join.ts'
export * from './diagnostics.ts'

export type ChardevsOptions = {
  /** What `tls-creds=` and `tls-authz=` name. */
  readonly objects?: TlsObjects
  /** To connect and to shake hands, in seconds; 0 for no limit. The default is 10. */
  readonly handshakeLimit?: number
  /** Clients of one socket that listens, at the same time; others wait. The default is 1024. */
  readonly clientLimit?: number
  /** Permissions of Unix sockets. The default is 0o600. */
  readonly socketMode?: number
  /** What happens to them. */
  readonly onEvent?: (event: ChardevEvent) => void
}

const checkParseOptions = optionsOf<ParseChardevOptions>({
  name: optionalChecked(requireString),
  id: optionalChecked(requireString),
  isServer: optionalChecked(requireBoolean),
})

const checkChardevsOptions = optionsOf<ChardevsOptions>({
  objects: optionalChecked(madeBy('TlsObjects.create', { credentials: requireFunction })),
  handshakeLimit: optionalChecked(requireSeconds),
  clientLimit: optionalChecked(integerWithin(1)),
  socketMode: optionalChecked(integerWithin(0, 0o777)),
  onEvent: optionalChecked(requireFunction),
})

/**
 * Reads `BACKEND,id=ID,OPTION=VALUE...`, as QEMU's `-chardev` has it.
 *
 * @throws DiagnosticError CHARDEV_..., OBJECT_MALFORMED, OBJECT_DUPLICATE_PROPERTY, LIBRARY_...
 */
export function parseChardev(text: string, options: ParseChardevOptions = {}): ChardevDefinition {
  return parse(requireString(text, 'text'), checkParseOptions(options, 'options'))
}

/**
 * A place for chardevs: they are added, joined, changed and removed while the process runs, and closed together.
 *
 * @throws DiagnosticError LIBRARY_...
 */
export function openChardevs(options: ChardevsOptions = {}): ChardevRegistry {
  const {
    objects = TlsObjects.create([]),
    handshakeLimit = 10,
    clientLimit = 1_024,
    socketMode = 0o600,
    onEvent: tell = () => {},
  } = checkChardevsOptions(options, 'options')
  return new ChardevRegistry({ objects, handshakeLimit, clientLimit, socketMode, tell })
}
