/** `metrics`: what is counted, for Prometheus and others that read OpenMetrics. */
import { listenOptionsOf } from '../host/listen-address.ts'
import { hostFamilies } from '../metrics/host-families.ts'
import { MetricsServer, requireOwnHost } from '../metrics/metrics-server.ts'
import { readAddress, startListening } from './listening-place.ts'
import { type FileHost, type FileSection, LISTEN } from './section.ts'
import { takenSocket } from './taken-place.ts'

export const METRICS_SECTION: FileSection = {
  key: 'metrics',
  what: 'metrics',
  isSingle: true,
  summary: 'Where GET /metrics tells in OpenMetrics text what is counted.',
  properties: {
    listen: {
      ...LISTEN,
      summary: 'unix:PATH, which its owner alone can use, or tcp:HOST:PORT with a loopback HOST',
    },
  },
  read: (reader) => {
    const address = readAddress(reader)
    if (address.kind === 'fd') return reader.refuse('listen', 'unix:PATH or tcp:HOST:PORT')
    requireOwnHost(address, reader.spanOf('listen'))
    const start = async ({ endpoints, metrics, tell }: FileHost) => {
      const server = new MetricsServer(address, {
        families: () => hostFamilies(metrics, endpoints.objects.tls),
        onEvent: tell.bind(undefined, 'metrics'),
        traffic: metrics.trafficOf('metrics'),
      })
      return startListening(
        () => server.listen(),
        (limit) => server.close(limit),
      )
    }
    return { takes: [takenSocket('listen', listenOptionsOf(address))], start }
  },
}
