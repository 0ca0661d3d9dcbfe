/** What a command printed under --json, held against its schema in docs/schemas. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect } from 'vitest'
import type { JsonDiagnostic } from '../../src/diagnostics/diagnostic-json.ts'
import { ROOT } from './command.ts'

const FOLDER = join(ROOT, 'docs', 'schemas')

/** `list.v1.json` and so on. */
export const SCHEMA_FILES: readonly string[] = readdirSync(FOLDER)

const validator = new Ajv2020({
  allErrors: true,
  strictTypes: false,
  formats: { 'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/ },
})
for (const name of SCHEMA_FILES) {
  validator.addSchema(JSON.parse(readFileSync(join(FOLDER, name), 'utf8')), name)
}

export type Envelope = {
  readonly schema: string
  readonly ok: boolean
  // biome-ignore lint/suspicious/noExplicitAny: the schema is what checks it.
  readonly result: any
  readonly diagnostics: readonly JsonDiagnostic[]
}

/** The one document that standard output is. Fails where it is not as the schema that it names. */
export function parseEnvelope(stdout: string): Envelope {
  const envelope = JSON.parse(stdout) as Envelope
  const name = `${envelope.schema.replace(/^cryptopolicy\./, '')}.json`
  expectValid(name, envelope)
  return envelope
}

/** Fails where a value is not as a schema of docs/schemas, or a part of one (`audit.v1.json#/$defs/line`), says. */
export function expectValid(name: string, value: unknown): void {
  expect(SCHEMA_FILES).toContain(name.replace(/#.*/, ''))
  const isValid = validator.validate(name, value)
  expect(isValid ? [] : validator.errors, JSON.stringify(value).slice(0, 2000)).toEqual([])
}

/** The result of a command that gave one. */
// biome-ignore lint/suspicious/noExplicitAny: the schema is what checks it.
export function resultOf(stdout: string): any {
  const { ok, result, diagnostics } = parseEnvelope(stdout)
  expect(ok, JSON.stringify(diagnostics)).toBe(true)
  return result
}
