/** Compares `list` with the installed gnutls-cli on random strings; `npm run fuzz:gnutls-cli` takes many more. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Listing } from '../../src/priority/gnutls-cli-listing.ts'
import { GNUTLS_RELEASES, type GnutlsRelease } from '../../src/priority/releases.ts'
import { parseSystemConfig } from '../../src/priority/system-config.ts'
import { execFile, execFileSync } from '../peers/child-process.ts'
import { SEED } from '../seed.ts'
import { listPriority } from './list-priority.ts'
import { Random, type RandomCase, randomCase } from './random-priorities.ts'

const STRINGS = Number(process.env.GNUTLS_STRINGS ?? 400)
const BATCH = 100

function installedRelease(): GnutlsRelease | undefined {
  try {
    const text = execFileSync('gnutls-cli', ['--version'], { encoding: 'utf8' })
    const version = /^gnutls-cli (\S+)/.exec(text)?.[1]
    return GNUTLS_RELEASES.find((release) => release === version)
  } catch {
    return undefined
  }
}

const release = installedRelease()

/** One shell runs many strings: starting each from here would take most of the time. */
const SCRIPT = `
while [ $# -gt 0 ]; do
  GNUTLS_SYSTEM_PRIORITY_FILE="$1.config" gnutls-cli -l --priority "$2" >"$1.out" 2>"$1.err"
  echo $? >"$1.status"
  shift 2
done`

type Job = RandomCase & { readonly path: string }

/** Runs gnutls-cli for each job, with the job's configuration or with a file that is not there. */
async function runGnutlsCli(jobs: readonly Job[]): Promise<readonly Listing[]> {
  for (const { path, config } of jobs) {
    if (config !== undefined) writeFileSync(`${path}.config`, config)
  }
  const args = jobs.flatMap(({ path, priority }) => [path, priority])
  const env = { ...process.env, LC_ALL: 'C' }
  await execFile('sh', ['-c', SCRIPT, 'sh', ...args], { env })
  const read = (path: string): string => readFileSync(path, 'utf8')
  return jobs.map(({ path }) => ({
    stdout: read(`${path}.out`),
    stderr: read(`${path}.err`),
    status: read(`${path}.status`).trim() === '0' ? 0 : 1,
  }))
}

function listOurs({ priority, config }: RandomCase, ours: GnutlsRelease): Listing {
  if (config === undefined) return listPriority(priority, { release: ours })
  const parsed = parseSystemConfig({ name: 'gnutls.config', text: config })
  return listPriority(priority, { release: ours, config: parsed })
}

describe.skipIf(!release && !process.env.CI)(`gnutls-cli ${release ?? '(not installed)'}`, () => {
  let directory = ''
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'cryptopolicy-priority-'))
  })
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  it(`prints the same for ${STRINGS} random strings`, {
    timeout: 300_000 + STRINGS * 500,
  }, async () => {
    if (!release) throw new Error('a gnutls-cli of a known release is needed in CI')
    const random = new Random(SEED)
    const jobs = Array.from({ length: STRINGS }, (_, index) => {
      return { ...randomCase(random), path: join(directory, String(index)) }
    })
    const batches = Array.from({ length: STRINGS / BATCH }, (_, index) =>
      jobs.slice(index * BATCH, (index + 1) * BATCH),
    )
    const queue = batches.values()
    const compare = async (): Promise<void> => {
      for (const batch of queue) {
        const theirs = await runGnutlsCli(batch)
        for (const [index, job] of batch.entries()) {
          expect({ ...job, ...listOurs(job, release) }).toEqual({ ...job, ...theirs[index] })
        }
      }
    }
    await Promise.all(Array.from({ length: availableParallelism() }, compare))
  })
})
