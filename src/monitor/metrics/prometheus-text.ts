/** Metrics as Prometheus' own text, version 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/). Pure. */
import { type MetricFamily, presentFamilies, printSamples, SUFFIXES } from './metric-family.ts'

/** A family without samples is left out. */
export function printPrometheusText(families: readonly MetricFamily[]): string {
  return presentFamilies(families).map(printFamily).join('')
}

/** Its names bear the suffixes of their types, and it knows neither units nor the type `info`. */
function printFamily({ name, type, help, samples }: MetricFamily): string {
  const full = `${name}${SUFFIXES[type]}`
  return [
    `# HELP ${full} ${escapeHelp(help)}`,
    `# TYPE ${full} ${type === 'info' ? 'gauge' : type}`,
    ...printSamples(full, samples),
    '',
  ].join('\n')
}

/** Quotes stay as they are there. */
function escapeHelp(text: string): string {
  return text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n')
}
