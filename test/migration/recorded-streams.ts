/** Migrations that QEMU sent, and what another reader found in them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

export const STREAMS = join(import.meta.dirname, 'streams')

// biome-ignore lint/suspicious/noExplicitAny: a table of numbers, whose fields the tests name.
export type Expected = any

/** By the path below the folder. */
export const EXPECTED: Readonly<Record<string, Expected>> = JSON.parse(
  readFileSync(join(STREAMS, 'expected.json'), 'utf8'),
)

/** The bytes of a channel, as they were sent. */
export function readRecorded(name: string): Buffer {
  return gunzipSync(readFileSync(join(STREAMS, name)))
}

/** Names of the recorded channels of a kind. */
export function recordedOf(kind: 'main' | 'multifd' | 'return-path' | 'preempt'): string[] {
  return Object.keys(EXPECTED).filter((name) => EXPECTED[name].kind === kind)
}
