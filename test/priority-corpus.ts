/** The corpus of random priority strings and what gnutls-cli of three releases prints for each. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { GnutlsRelease } from '../src/priority/releases.ts'

export type PriorityCase = {
  readonly priority: string
  /** Text of the configuration file in force; absent where there is none. */
  readonly config?: string
  readonly out: Readonly<
    Record<
      Exclude<GnutlsRelease, 'newest'>,
      { readonly rc: number; readonly stdout: string; readonly stderr: string }
    >
  >
}

/** Every case of the corpus. */
export function readPriorityCorpus(): readonly PriorityCase[] {
  const packed = readFileSync(join(import.meta.dirname, 'corpora', 'priorities.jsonl.gz'))
  const lines = gunzipSync(packed).toString('utf8').trim().split('\n')
  return lines.map((line) => JSON.parse(line) as PriorityCase)
}
