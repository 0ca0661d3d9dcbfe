/** `monitors`: where QMP is spoken. */
import { listenOptionsOf } from '../host/listen-address.ts'
import { MonitorServer, requireKnownClients } from '../server/monitor-server.ts'
import { readAddress, startListening } from './listening-place.ts'
import { type FileHost, type FileSection, LISTEN, TLS_AUTHZ, TLS_CREDS } from './section.ts'
import { takenSocket } from './taken-place.ts'

export const MONITORS_SECTION: FileSection = {
  key: 'monitors',
  what: 'monitor',
  tlsRole: 'server',
  summary: 'Where clients may watch and change the endpoints while they run, by QMP.',
  properties: {
    listen: {
      ...LISTEN,
      summary: 'unix:PATH, which its owner alone can use, or tcp:HOST:PORT with TLS',
    },
    'tls-creds': TLS_CREDS,
    'tls-authz': TLS_AUTHZ,
  },
  read: (reader, { places }) => {
    const address = readAddress(reader)
    if (address.kind === 'fd') return reader.refuse('listen', 'unix:PATH or tcp:HOST:PORT')
    const credentials = reader.text('tls-creds')
    const authorization = reader.text('tls-authz')
    requireKnownClients(address, { credentials, authorization }, places?.get('listen'))
    const start = async ({ endpoints, metrics, tell }: FileHost) => {
      const onEvent = tell.bind(undefined, reader.what)
      const traffic = metrics.trafficOf(reader.what)
      const options = { credentials, authorization, onEvent, traffic }
      const monitor = new MonitorServer(endpoints, address, options)
      return startListening(
        () => monitor.listen(),
        (limit) => monitor.close(limit),
      )
    }
    return { takes: [takenSocket('listen', listenOptionsOf(address))], start }
  },
}
