/** Metrics as text: OpenMetrics 1.0 (https://prometheus.io/docs/specs/om/open_metrics_spec/). Pure. */
import {
  escapeQuoted,
  type MetricFamily,
  presentFamilies,
  printSamples,
  SUFFIXES,
} from './metric-family.ts'

/** A family without samples is left out. */
export function printOpenMetrics(families: readonly MetricFamily[]): string {
  return `${presentFamilies(families).map(printFamily).join('')}# EOF\n`
}

function printFamily({ name, type, unit, help, samples }: MetricFamily): string {
  return [
    `# TYPE ${name} ${type}`,
    ...(unit === undefined ? [] : [`# UNIT ${name} ${unit}`]),
    `# HELP ${name} ${escapeQuoted(help)}`,
    ...printSamples(`${name}${SUFFIXES[type]}`, samples),
    '',
  ].join('\n')
}
