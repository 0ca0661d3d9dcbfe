/** All that is told of a host, as the answer to one scrape. */
import type { TlsObjects } from '../../tls/objects/tls-objects.ts'
import type { HostMetrics } from './host-metrics.ts'
import { printOpenMetrics } from './open-metrics.ts'
import { processFamilies } from './process-metrics.ts'
import { validityFamilies } from './validity-metrics.ts'

export function printHostMetrics(metrics: HostMetrics, objects: TlsObjects): string {
  return printOpenMetrics([
    ...metrics.families(),
    ...validityFamilies(objects.validity, Date.now()),
    ...processFamilies(),
  ])
}
