/** One relay from its definition: its sides, its limits, and who may connect to its socket. */
import type { Traffic } from '../../endpoint/traffic.ts'
import type { SocketFile } from '../../net/socket-file.ts'
import { findOwner } from '../../service/file-owner.ts'
import type { TlsObjects } from '../../tls/objects/tls-objects.ts'
import { Relay } from './relay.ts'
import type { RelayDefinition } from './relay-definition.ts'
import type { RelayEvent } from './relay-event.ts'
import { findSides, type RelaySides } from './relay-sides.ts'

export type OpenRelay = {
  readonly definition: RelayDefinition
  readonly sides: RelaySides
  readonly relay: Relay
  readonly file: SocketFile
}

export type RelayLimits = {
  /** Channels at the same time; others wait. */
  readonly channelLimit: number
  /** In seconds; 0 for no limit. */
  readonly handshakeLimit: number
  readonly idleLimit: number
}

/**
 * Makes a relay, which does not listen yet.
 *
 * @throws DiagnosticError OBJECT_..., RELAY_..., MIGRATION_URI_UNUSABLE, SERVICE_UNKNOWN_OWNER.
 */
export function openRelay(
  definition: RelayDefinition,
  objects: TlsObjects,
  { channelLimit, handshakeLimit, idleLimit }: RelayLimits,
  onEvent: (event: RelayEvent) => void,
  traffic?: Traffic,
): OpenRelay {
  const { id, to, credentials, authorization, hostname, isNbd, socket } = definition
  const what = id === undefined ? 'a relay' : `relay ${id}`
  const names = { what, to, credentials, authorization, hostname }
  const sides = findSides(objects, { ...names, isOrdered: !isNbd, handshakeLimit })
  const relay = new Relay({
    sides,
    isOrdered: !isNbd,
    onEvent: (event) => onEvent({ ...event, relay: id }),
    ...{ channelLimit, handshakeLimit, idleLimit, traffic },
  })
  return { definition, sides, relay, file: socketFile(socket) }
}

/** The guest's memory passes there in clear: its owner alone may connect where nothing else is said. */
const DEFAULT_MODE = 0o600

function socketFile({ mode = DEFAULT_MODE, owner }: RelayDefinition['socket']): SocketFile {
  return { mode, ...(owner === undefined ? {} : findOwner(owner)) }
}
