/** What is told of one metric, and the lines of its samples, which are equal in every text format. Pure. */

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
export const SUFFIXES = { counter: '_total', gauge: '', info: '_info' } as const

export function presentFamilies(families: readonly MetricFamily[]): readonly MetricFamily[] {
  return families.filter(({ samples }) => samples.length > 0)
}

/** A line each. @param name With the suffix of its type. */
export function printSamples(name: string, samples: readonly Sample[]): readonly string[] {
  return samples.map(({ labels = {}, value }) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeQuoted(text)}"`)
    return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`
  })
}

/** Texts come from certificates and files: none of them can end its line or its quotes. */
export function escapeQuoted(text: string): string {
  return text.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`))
}
