import { expect, test } from 'vitest'
import { printOpenMetrics } from '../../../src/monitor/metrics/open-metrics.ts'
import { printPrometheusText } from '../../../src/monitor/metrics/prometheus-text.ts'
import { testWith } from '../../peers/peer.ts'
import { parsePrometheusText, parseStrictly } from './scrape.ts'

testWith('prometheus', 'texts of strangers end neither their quotes nor their lines', () => {
  const hostile = ['a"b', 'a\\', 'a\nb 1', '\\n', '\\"', 'x} 1 # {', '\u0000\r\u2028é', '']
  const families = [
    {
      name: 'hostile',
      type: 'counter',
      help: 'With "quotes", a \\ and\na line.',
      samples: hostile.map((subject, value) => ({ labels: { subject }, value })),
    },
  ] as const
  const expected = new Map(
    hostile.map((subject, value) => [`hostile_total{subject=${subject}}`, value]),
  )
  expect(parseStrictly(printOpenMetrics(families))).toEqual(expected)
  expect(parsePrometheusText(printPrometheusText(families))).toEqual(expected)
})

testWith(
  'prometheus',
  'figures of any size are numbers, and families without samples are left out',
  () => {
    const values = [0, -1.5, 2 ** 53, 2 ** 64, 1e-7, 1e300]
    const text = printOpenMetrics([
      { name: 'none', type: 'counter', help: 'Never.', samples: [] },
      {
        name: 'size_bytes',
        type: 'gauge',
        unit: 'bytes',
        help: 'Some.',
        samples: values.map((value, index) => ({ labels: { index: `${index}` }, value })),
      },
    ])
    expect([...parseStrictly(text).values()]).toEqual(values)
    expect(text).not.toContain('none')
  },
)

test('the end is marked, so that a reader knows a text that was cut', () => {
  expect(printOpenMetrics([])).toBe('# EOF\n')
})
