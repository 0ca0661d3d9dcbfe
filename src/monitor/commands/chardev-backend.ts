/** What `chardev-add` takes, a part of QEMU's ChardevBackend, and the chardev that it describes. */
import type { ChardevDefinition } from '../../chardev/definition/chardev-definition.ts'
import { defineChardev } from '../../chardev/definition/parse-chardev.ts'
import { DiagnosticError } from '../../diagnostics/diagnostic.ts'
import type { PropertyValue } from '../../options/object-definition.ts'
import type { JsonObject } from '../protocol/json-value.ts'
import { QmpError, refuseCommand } from '../protocol/qmp-error.ts'
import {
  BOOL,
  enumOf,
  INT,
  optional,
  STR,
  struct,
  union,
  type ValueOf,
} from '../schema/qapi-types.ts'
import { describeInQemuWords } from './qemu-words.ts'
import { SOCKET_ADDRESS_LEGACY } from './socket-address.ts'

const COMMON = { logfile: optional(STR), logappend: optional(BOOL) } as const

const SOCKET = struct('ChardevSocket', {
  addr: SOCKET_ADDRESS_LEGACY,
  'tls-creds': optional(STR),
  'tls-authz': optional(STR),
  server: optional(BOOL),
  wait: optional(BOOL),
  nodelay: optional(BOOL),
  telnet: optional(BOOL),
  tn3270: optional(BOOL),
  websocket: optional(BOOL),
  reconnect: optional(INT),
  ...COMMON,
})

/** Files are only written to, as a guest writes its console. */
const FILE = struct('ChardevFile', { out: STR, append: optional(BOOL), ...COMMON })
const PIPE = struct('ChardevHostdev', { device: STR, ...COMMON })
const RINGBUF = struct('ChardevRingbuf', { size: optional(INT), ...COMMON })
const PLAIN = struct('ChardevCommon', COMMON)

export const CHARDEV_RETURN = struct('ChardevReturn', { pty: optional(STR) })

export const CHARDEV_BACKENDS = ['file', 'null', 'pipe', 'pty', 'ringbuf', 'socket'] as const

export const CHARDEV_BACKEND = union(
  'ChardevBackend',
  { type: enumOf('ChardevBackendKind', CHARDEV_BACKENDS) },
  'type',
  {
    file: struct('ChardevFileWrapper', { data: FILE }),
    null: struct('ChardevCommonWrapper', { data: PLAIN }),
    pipe: struct('ChardevHostdevWrapper', { data: PIPE }),
    pty: struct('ChardevCommonWrapper', { data: PLAIN }),
    ringbuf: struct('ChardevRingbufWrapper', { data: RINGBUF }),
    socket: struct('ChardevSocketWrapper', { data: SOCKET }),
  },
)

type Backend = ValueOf<typeof CHARDEV_BACKEND>

/**
 * Opens what a client describes.
 *
 * @param open What is done with it; gives where the chardev is.
 * @returns the path of a pty, as a part of the reply.
 * @throws QmpError `Failed to add chardev 'k1': REASON`; DiagnosticError CHARDEV_EXISTS
 */
export async function openBackend(
  id: string,
  backend: Backend,
  open: (definition: ChardevDefinition) => Promise<string | undefined>,
): Promise<JsonObject> {
  try {
    const place = await open(readBackend(id, backend))
    return backend.type === 'pty' && place !== undefined ? { pty: place } : {}
  } catch (error) {
    const isKnown = error instanceof QmpError || error instanceof DiagnosticError
    if (!isKnown || hasCode(error, 'CHARDEV_EXISTS')) throw error
    return refuseCommand(`Failed to add chardev '${id}': ${describe(error)}`)
  }
}

function hasCode(error: Error, code: string): boolean {
  return error instanceof DiagnosticError && error.diagnostics.some((one) => one.code === code)
}

function describe(error: QmpError | DiagnosticError): string {
  return error instanceof QmpError
    ? error.message
    : describeInQemuWords(error.diagnostics, { arguments: {} })
}

/** @throws QmpError, DiagnosticError CHARDEV_... */
function readBackend(id: string, { type, data }: Backend): ChardevDefinition {
  const { addr, out, device, ...rest } = data as Readonly<Record<string, unknown>> & {
    readonly addr?: ValueOf<typeof SOCKET_ADDRESS_LEGACY>
    readonly out?: string
    readonly device?: string
  }
  const path = out ?? device
  const properties = {
    ...{ backend: type, id },
    ...(path === undefined ? {} : { path }),
    ...(addr ? readAddress(addr) : {}),
    // A socket of QMP listens where nothing else is said; one of a command line connects.
    ...(type === 'socket' ? { server: true } : {}),
    ...toProperties(rest),
  }
  return defineChardev({ properties, places: new Map() })
}

function readAddress({ type, data }: ValueOf<typeof SOCKET_ADDRESS_LEGACY>) {
  if (type === 'fd') refuseCommand(`File descriptor named '${data.str}' has not been found`)
  if (type === 'vsock') refuseCommand('vsock is not supported: Node.js has no such sockets')
  const { numeric: _, ...own } = data as Readonly<Record<string, unknown>>
  return toProperties(own)
}

/** Every scalar but a flag is a text there. */
function toProperties(data: Readonly<Record<string, unknown>>): Record<string, PropertyValue> {
  return Object.fromEntries(
    Object.entries(data).flatMap(([name, value]) => {
      if (value === undefined) return []
      return [[name, typeof value === 'boolean' ? value : String(value)]]
    }),
  )
}
