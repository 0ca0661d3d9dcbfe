/**
 * The texts of all errors: error-messages.json has for each code what it was told with in some run, and what a
 * user then reads. A text that changes is changed there too, and a new code gets its row.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { DiagnosticKind } from '../../src/diagnostics/diagnostic.ts'
import { CATALOGUES } from './error-table.ts'

type Told = { readonly data: unknown; readonly message: string; readonly hint?: string }

const TEXT = readFileSync(join(import.meta.dirname, 'error-messages.json'), 'utf8')
const MESSAGES: Readonly<Record<string, Told>> = JSON.parse(TEXT)

/** What JSON has no words for. */
type Marked = {
  readonly $error?: { readonly message: string; readonly code?: string }
  readonly $date?: string
}

function revive(_: string, value: unknown): unknown {
  const { $error, $date } = (value ?? {}) as Marked
  if ($error) return Object.assign(new Error($error.message), $error)
  return $date ? new Date($date) : value
}

const REVIVED: Readonly<Record<string, Told>> = JSON.parse(TEXT, revive)

const KINDS = Object.values(CATALOGUES).flat() as unknown as readonly DiagnosticKind<unknown>[]

test('every code has an example', () => {
  const codes = KINDS.map(({ code }) => code).toSorted()
  expect(Object.keys(MESSAGES).toSorted()).toEqual(codes)
})

test.each(KINDS.map((kind) => [kind.code, kind] as const))('%s', (code, kind) => {
  const { message, hint } = MESSAGES[code] ?? {}
  const data = REVIVED[code]?.data
  expect(kind.message(data)).toBe(message)
  expect(kind.hint?.(data)).toBe(hint)
})
