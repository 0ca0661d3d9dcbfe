/** Random policies under the files that are written for each, as a program of this or of another system uses them. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Policy, parsePolicy } from '../../src/policy/policy.ts'
import type { Place } from '../interop/convert/hello-catcher.ts'
import { Random } from './random.ts'

/** What is wrong of a policy, by its kind: see the judges of test/interop/policy. */
type Verdict = Readonly<Record<(typeof KINDS)[number], readonly string[]>>

const KINDS = ['unannounced', 'falseAlarms', 'missing'] as const

type Judge = {
  /** What judges, such as `OpenSSL 3.0.17`. */
  readonly title: string
  /** @param drawn How many were drawn before. */
  readonly draw: (random: Random, drawn: number) => string
  readonly judge: (policy: Policy) => Promise<Verdict>
}

/** Runs the trials that the command line asks for. @param prepare Makes the judge for a scratch folder. */
export async function tryPolicies(prepare: (place: Place) => Promise<Judge>): Promise<void> {
  const { values } = parseArgs({
    options: {
      policies: { type: 'string', default: '200' },
      seed: { type: 'string' },
      root: { type: 'string' },
    },
  })
  const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed)
  const random = new Random(seed)
  const folder = await mkdtemp(join(values.root ?? '', tmpdir(), 'policies-'))
  try {
    const judge = await prepare(
      values.root === undefined ? { folder } : { folder, root: values.root },
    )
    console.log(`${judge.title}: ${values.policies} policies, seed ${seed}`)
    await runTrials(judge, random, Number(values.policies))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function runTrials({ draw, judge }: Judge, random: Random, trials: number): Promise<void> {
  const counts = { unannounced: 0, falseAlarms: 0, missing: 0 }
  for (let drawn = 0; drawn < trials; drawn++) {
    const text = draw(random, drawn)
    const verdict = await judge(parsePolicy('P', [{ name: 'P.pol', text }]).policy)
    const wrong = KINDS.filter((kind) => verdict[kind].length > 0)
    for (const kind of wrong) counts[kind]++
    const lines = wrong.map((kind) => `  ${kind}: ${verdict[kind].join(', ')}\n`)
    if (lines.length > 0) console.log(`${text}${lines.join('')}`)
  }
  console.log(JSON.stringify(counts))
  if (Object.values(counts).some((count) => count > 0)) process.exitCode = 1
}
