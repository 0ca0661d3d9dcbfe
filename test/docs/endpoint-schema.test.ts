/** The JSON Schema of endpoint files says what their reader says. */
import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { DiagnosticError } from '../../src/diagnostics/diagnostic.ts'
import { readEndpointFile } from '../../src/monitor/file/endpoint-file.ts'
import { endpointFileSchema, SCHEMA_PATH } from './endpoint-schema.ts'
import { readPage } from './pages.ts'

const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(endpointFileSchema())

test('the schema in docs/ is the one that the reader gives: npm run docs:endpoint-schema', () => {
  expect(JSON.parse(readFileSync(SCHEMA_PATH, 'utf8'))).toEqual(endpointFileSchema())
})

function isRead(text: string): boolean {
  try {
    readEndpointFile({ name: 'host.yaml', text })
    return true
  } catch (error) {
    if (error instanceof DiagnosticError) return false
    throw error
  }
}

const PAGE = readPage('docs/endpoint.yaml.5.md')
const EXAMPLE = /^ {4}name: host-a\n(?: {4}.*\n)*/m.exec(PAGE)?.[0].replace(/^ {4}/gm, '') ?? ''

test.each([
  [true, EXAMPLE],
  [true, 'monitors: [{id: m, listen: "unix:/m"}]'],
  [
    true,
    'nbd: {listen: "unix:/n", max-connections: 3}\nexports: [{id: a, memory: 1M, writable: on}]',
  ],
  [true, 'receivers: [{id: a, listen: "unix:/n", file: /f, multifd: 2, switchover-ack: true}]'],
  [false, ''],
  [false, 'objects: []'],
  [false, 'monitors: [{listen: "unix:/m"}]'],
  [false, 'monitors: [{id: 1m, listen: "unix:/m"}]'],
  [false, 'monitors: [{id: m}]'],
  [false, 'monitors: [{id: m, listen: "unix:/m", nope: 1}]'],
  [false, 'monitors: {id: m, listen: "unix:/m"}'],
  [false, 'nbd: {listen: "unix:/n", max-connections: many}'],
  [false, 'nbd: {listen: "unix:/n"}\nexports: [{id: a, memory: 1M, writable: perhaps}]'],
  [false, 'relays: [{id: a, listen: "unix:/n", tls-creds: t}]'],
  [false, 'nope: 1\nmonitors: [{id: m, listen: "unix:/m"}]'],
])('%s: reader and schema agree on %s', (isTaken, text) => {
  expect(text).toBeTypeOf('string')
  expect([isRead(text), validate(parse(text, { schema: 'core' }) ?? {})]).toEqual([
    isTaken,
    isTaken,
  ])
})

test('every section and every property stands on the page', () => {
  const { properties } = endpointFileSchema() as { properties: Record<string, object> }
  for (const [key, section] of Object.entries(properties)) {
    expect(PAGE).toContain(`\`${key}\``)
    const { items = section } = section as { items?: { properties?: object } }
    const { properties: own = {} } = items as { properties?: object }
    for (const name of Object.keys(own)) expect(PAGE, `${key}.${name}`).toContain(`\`${name}\``)
  }
})
