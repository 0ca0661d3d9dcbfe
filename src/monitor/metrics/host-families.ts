/** All that is told of a host, as of now. */
import type { TlsObjects } from '../../tls/objects/tls-objects.ts'
import type { HostMetrics } from './host-metrics.ts'
import type { MetricFamily } from './metric-family.ts'
import { processFamilies } from './process-metrics.ts'
import { validityFamilies } from './validity-metrics.ts'

export function hostFamilies(metrics: HostMetrics, objects: TlsObjects): readonly MetricFamily[] {
  return [
    ...metrics.families(),
    ...validityFamilies(objects.validity, Date.now()),
    ...processFamilies(),
  ]
}
