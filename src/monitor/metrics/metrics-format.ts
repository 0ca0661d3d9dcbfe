/** The forms in which metrics are told, and which of them a scraper gets. */
import Negotiator from 'negotiator'
import type { MetricFamily } from './metric-family.ts'
import { printOpenMetrics } from './open-metrics.ts'
import { printPrometheusText } from './prometheus-text.ts'

export type MetricsFormat = {
  /** What the answer says of its form. */
  readonly type: string
  readonly print: (families: readonly MetricFamily[]) => string
}

const OPEN_METRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

/** How a scraper may want names that older releases do not take. All of ours are the same in each of them. */
const ESCAPINGS = ['allow-utf-8', 'underscores', 'values'] as const

const PROMETHEUS_TEXT: MetricsFormat = {
  type: 'text/plain; version=0.0.4; charset=utf-8',
  print: printPrometheusText,
}

/** The first is given where a scraper takes any. What drafts of OpenMetrics call 0.0.1 is read alike. */
const FORMATS: readonly MetricsFormat[] = [
  { type: OPEN_METRICS, print: printOpenMetrics },
  ...ESCAPINGS.map((escaping) => ({
    type: `${OPEN_METRICS}; escaping=${escaping}`,
    print: printOpenMetrics,
  })),
  {
    type: 'application/openmetrics-text; version=0.0.1; charset=utf-8',
    print: printOpenMetrics,
  },
  PROMETHEUS_TEXT,
]

/**
 * As https://prometheus.io/docs/instrumenting/content_negotiation/ has it: where nothing that is asked
 * for is there, the answer is Prometheus' own text.
 *
 * @param accept The header of a request.
 */
export function chooseFormat(accept: string | undefined): MetricsFormat {
  const headers = accept === undefined ? {} : { accept }
  const type = new Negotiator({ headers }).mediaType(FORMATS.map((one) => one.type))
  return FORMATS.find((one) => one.type === type) ?? PROMETHEUS_TEXT
}
