/** Scrapes metrics and has them read by the strict parser of prometheus_client, the reference of OpenMetrics. */
import { request } from 'node:http'
import { spawnSync } from '../../peers/child-process.ts'

/** Samples by their names, each with its labels in one text: `cryptopolicy_connections_total{endpoint=nbd}`. */
export type Scrape = ReadonlyMap<string, number>

const PARSER = `
import json, sys
from PARSER import text_string_to_metric_families
families = text_string_to_metric_families(sys.stdin.read())
print(json.dumps([[s.name, s.labels, s.value] for f in families for s in f.samples]))
`

export type HttpAnswer = {
  readonly status: number
  readonly type: string
  readonly text: string
}

/** @param place A path, or a port of this host. */
export function scrape(
  place: string | number,
  path = '/metrics',
  method = 'GET',
  accept?: string,
): Promise<HttpAnswer> {
  const where = typeof place === 'string' ? { socketPath: place } : { port: place }
  const headers = accept === undefined ? {} : { accept }
  return new Promise((resolve, reject) => {
    const asked = request({ ...where, path, method, headers, timeout: 60_000 }, (answer) => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (chunk) => {
        text += chunk
      })
      answer.on('end', () => {
        const { statusCode = 0, headers } = answer
        resolve({ status: statusCode, type: headers['content-type'] ?? '', text })
      })
    })
    asked.on('error', reject)
    asked.end()
  })
}

/** @throws Error with what the parser says, where it refuses the text. */
export function parseStrictly(text: string): Scrape {
  return parseBy('prometheus_client.openmetrics.parser', text)
}

/** Of Prometheus' own text, by promtool and by prometheus_client. @throws Error with what one of them says. */
export function parsePrometheusText(text: string): Scrape {
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
    input: text,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`${stdout}${stderr}`)
  return parseBy('prometheus_client.parser', text)
}

function parseBy(parser: string, text: string): Scrape {
  const program = PARSER.replace('PARSER', parser)
  const { status, stdout, stderr } = spawnSync('/usr/bin/python3', ['-c', program], {
    input: text,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stderr)
  const samples = JSON.parse(stdout) as [string, Record<string, string>, number][]
  return new Map(samples.map(([name, labels, value]) => [printKey(name, labels), value]))
}

function printKey(name: string, labels: Record<string, string>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${value}`)
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`
}
