/** `relays`: TLS for guests and disks that move over plain sockets. */
import { clearTextWarnings } from '../../migration/relay/clear-text-warnings.ts'
import { openRelay } from '../../migration/relay/open-relay.ts'
import { readRelay } from '../../migration/relay/relay-map.ts'
import type { TlsObjects } from '../../tls/objects/tls-objects.ts'
import { readListeningUri, startListening } from './listening-place.ts'
import {
  type FileHost,
  type FileSection,
  HANDSHAKE_LIMIT,
  IDLE_LIMIT,
  LISTEN,
  LONGEST_LIMIT,
  TLS_AUTHZ,
  TLS_CREDS,
} from './section.ts'
import { takenByUri } from './taken-place.ts'

/** What a migration with 8 channels and its return path needs, and as many more. */
const DEFAULT_CHANNELS = 16

export const RELAYS_SECTION: FileSection = {
  key: 'relays',
  what: 'relay',
  summary: 'Channels of migrations and NBD, carried from plain sockets to TLS or back.',
  properties: {
    listen: LISTEN,
    to: { kind: 'text', isRequired: true, summary: 'where it leads: tcp:HOST:PORT or unix:PATH' },
    'tls-creds': { ...TLS_CREDS, isRequired: true },
    'tls-authz': TLS_AUTHZ,
    'tls-hostname': {
      kind: 'text',
      summary: 'the name that the certificate of the other host has to bear',
    },
    nbd: { kind: 'flag', summary: 'it carries a disk by NBD, not a migration' },
    'socket-mode': {
      kind: 'text',
      summary: 'permissions of its Unix socket, in octal and in quotes: "0660"',
    },
    'socket-owner': { kind: 'text', summary: 'USER, USER:GROUP or :GROUP of its Unix socket' },
    channels: { kind: 'count', summary: 'channels at the same time; others wait' },
    'handshake-limit': HANDSHAKE_LIMIT,
    'idle-limit': IDLE_LIMIT,
  },
  read: (reader, definition) => {
    const described = readRelay(reader, definition.id, readListeningUri(reader))
    const limits = {
      channelLimit: reader.count('channels', DEFAULT_CHANNELS) || DEFAULT_CHANNELS,
      handshakeLimit: reader.count('handshake-limit', 10, LONGEST_LIMIT),
      idleLimit: reader.count('idle-limit', 0, LONGEST_LIMIT),
    }
    const start = async ({ endpoints, metrics, tell }: FileHost) => {
      const { relay, sides, file } = openRelay(
        described,
        endpoints.objects.tls,
        limits,
        tell.bind(undefined, reader.what),
        metrics.trafficOf(reader.what),
      )
      const stop = async (limit: number) => {
        await relay.drain(limit)
        sides.release()
      }
      const started = await startListening(() => relay.listen(described.listen, file), stop)
      return { ...started, warnings: clearTextWarnings(started.place, described.to, sides) }
    }
    const tryObjects = (objects: TlsObjects) =>
      openRelay(described, objects, limits, () => {}).sides.release()
    return { takes: takenByUri(described.listen), tryObjects, start }
  },
}
