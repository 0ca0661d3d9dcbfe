/** The corpus of random policies and what the reference compiler makes of each. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

export type PolicyCase = {
  readonly id: string | number
  readonly files: Readonly<Record<string, string>>
  readonly policy: string
  /** The text of each back-end, null where the reference crashed. */
  readonly outputs?: Readonly<Record<string, string | null>>
  readonly dump?: string
  readonly warnings?: readonly string[]
  readonly error?: string
}

/** Every case of the corpus. */
export function readPolicyCorpus(): readonly PolicyCase[] {
  const packed = readFileSync(join(import.meta.dirname, 'corpora', 'policies.jsonl.gz'))
  const lines = gunzipSync(packed).toString('utf8').trim().split('\n')
  return lines.map((line) => JSON.parse(line) as PolicyCase)
}
