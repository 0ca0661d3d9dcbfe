/** `receivers`: each waits for one guest, and stores it. */
import { Receiver } from '../../migration/receive/receiver.ts'
import { readListeningUri, startListening } from './listening-place.ts'
import {
  clearTextWarning,
  type FileHost,
  type FileSection,
  HANDSHAKE_LIMIT,
  IDLE_LIMIT,
  LISTEN,
  LONGEST_LIMIT,
  TLS_AUTHZ,
  TLS_CREDS,
} from './section.ts'
import { type TakenPlace, takenByUri } from './taken-place.ts'

/** As the parameter multifd-channels of QEMU. */
const MAX_CHANNELS = 255

/** How long connections may take to close when the guest is stored, in milliseconds. */
const CLOSING = 2_000

export const RECEIVERS_SECTION: FileSection = {
  key: 'receivers',
  what: 'receiver',
  tlsRole: 'server',
  summary: 'Places where a guest is taken from QEMU and stored, one guest each.',
  properties: {
    listen: LISTEN,
    file: {
      kind: 'text',
      isRequired: true,
      summary: 'where the guest is stored; a folder where there are multifd channels',
    },
    multifd: { kind: 'count', summary: 'channels of the source beside the main one' },
    'switchover-ack': { kind: 'flag', summary: 'the source has the capability switchover-ack' },
    'tls-creds': TLS_CREDS,
    'tls-authz': TLS_AUTHZ,
    'handshake-limit': HANDSHAKE_LIMIT,
    'idle-limit': { ...IDLE_LIMIT, summary: 'without a byte of the source, in seconds' },
  },
  read: (reader) => {
    const options = {
      path: reader.requiredText('file'),
      listen: readListeningUri(reader),
      credentials: reader.text('tls-creds'),
      authorization: reader.text('tls-authz'),
      multifd: reader.count('multifd', 0, MAX_CHANNELS),
      switchoverAck: reader.flag('switchover-ack', false),
      handshakeLimit: reader.count('handshake-limit', 10, LONGEST_LIMIT),
      idleLimit: reader.count('idle-limit', 300, LONGEST_LIMIT),
    }
    const start = async ({ endpoints, metrics, tell, tellOutcome }: FileHost) => {
      const { objects } = endpoints
      const onEvent = tell.bind(undefined, reader.what)
      const traffic = metrics.trafficOf(reader.what)
      const receiver = await Receiver.open(objects.tls, { ...options, onEvent, traffic })
      let isStopped = false
      const stop = async (limit: number) => {
        isStopped = true
        await receiver.end(limit)
        receiver.release()
      }
      const started = await startListening(() => receiver.listen(), stop)
      const tellEnd = (error?: unknown) => {
        if (!isStopped) tellOutcome(reader.what, error)
        return receiver.end(CLOSING)
      }
      receiver.outcome.then(() => tellEnd(), tellEnd).catch(() => {})
      return { ...started, warnings: clearTextWarning(started.place, options.credentials) }
    }
    return { takes: [...takenByUri(options.listen), takenFile(options.path)], start }
  },
}

function takenFile(path: string): TakenPlace {
  return { property: 'file', candidates: [{ kind: 'file', path }] }
}
