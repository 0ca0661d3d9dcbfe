/** Metrics as text: OpenMetrics 1.0 (https://prometheus.io/docs/specs/om/open_metrics_spec/). Pure. */

/** What the answer of a scrape says of its form. */
export const OPEN_METRICS_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

export type Sample = {
  readonly labels?: Readonly<Record<string, string>>
  readonly value: number
}

export type MetricFamily = {
  /** Without the suffix of its type; it ends with its unit. */
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'info'
  readonly unit?: 'bytes' | 'seconds'
  readonly help: string
  readonly samples: readonly Sample[]
}

/** What the names of samples end with. */
const SUFFIXES = { counter: '_total', gauge: '', info: '_info' } as const

/** A family without samples is left out. */
export function printOpenMetrics(families: readonly MetricFamily[]): string {
  const present = families.filter(({ samples }) => samples.length > 0)
  return `${present.map(printFamily).join('')}# EOF\n`
}

function printFamily({ name, type, unit, help, samples }: MetricFamily): string {
  return [
    `# TYPE ${name} ${type}`,
    ...(unit === undefined ? [] : [`# UNIT ${name} ${unit}`]),
    `# HELP ${name} ${escapeText(help)}`,
    ...samples.map((sample) => printSample(`${name}${SUFFIXES[type]}`, sample)),
    '',
  ].join('\n')
}

function printSample(name: string, { labels = {}, value }: Sample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeText(text)}"`)
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`
}

/** Texts come from certificates and files: none of them can end its line or its quotes. */
function escapeText(text: string): string {
  const escaped: Record<string, string> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' }
  return text.replace(/[\\"\n]/g, (character) => escaped[character] ?? character)
}
