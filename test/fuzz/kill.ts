/**
 * Kills update-policies at random moments and looks at what is left.
 *
 *     npm run soak:kill -- [--runs 500] [--seed N]
 *
 * Each run switches between two policies and is killed with SIGKILL at a random moment of the time
 * that a whole run takes. Afterwards every file has to be of the one policy or every file of the
 * other. In half of the runs the host has the real folders of a distribution rather than ours.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Random } from './random.ts'

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '500' }, seed: { type: 'string' } },
})
const runs = Number(values.runs)
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed)
const random = new Random(seed)

const PROGRAM = join(import.meta.dirname, '..', '..', 'dist', 'update-policies.cjs')
const POLICIES = ['DEFAULT', 'FUTURE'] as const
const scratch = mkdtempSync(join(tmpdir(), 'cryptopolicy-kill-'))

function start(base: string, policy: string) {
  const args = [
    PROGRAM,
    '--base-dir',
    base,
    '--set',
    policy,
    '--no-reload',
    '--no-verify',
    '--quiet',
  ]
  return spawn(process.execPath, args, { stdio: 'ignore' })
}

async function finish(base: string, policy: string): Promise<void> {
  const [status] = await once(start(base, policy), 'exit')
  if (status !== 0) throw new Error(`--set ${policy} gave ${status}`)
}

/** The text of every file that readers see. */
function readVisible(base: string): string {
  return ['back-ends', 'state']
    .flatMap((folder) => readdirSync(join(base, folder)).map((name) => join(folder, name)))
    .toSorted()
    .map((path) => `${path}\n${readFileSync(join(base, path), 'utf8')}`)
    .join('\0')
}

/** Gives a host real folders, as a distribution ships them, with the files of another host. */
function makeForeign(model: string): string {
  const base = join(scratch, 'foreign')
  rmSync(base, { recursive: true, force: true })
  for (const folder of ['back-ends', 'state']) {
    cpSync(`${join(model, folder)}/`, join(base, folder), { recursive: true, dereference: true })
  }
  cpSync(join(model, 'config'), join(base, 'config'))
  return base
}

async function measureRun(base: string): Promise<number> {
  const begin = performance.now()
  await finish(base, 'FUTURE')
  await finish(base, 'DEFAULT')
  return (performance.now() - begin) / 2
}

console.log(`seed ${seed}, ${runs} runs`)
try {
  const model = join(scratch, 'model')
  const texts = new Map<string, string>()
  for (const policy of POLICIES) {
    await finish(model, policy)
    texts.set(readVisible(model), policy)
  }
  const own = join(scratch, 'own')
  const duration = await measureRun(own)
  const seen = new Map<string, number>()
  for (let run = 1; run <= runs; run++) {
    const base = random.below(2) === 0 ? own : makeForeign(model)
    const wanted = texts.get(readVisible(base)) === 'DEFAULT' ? 'FUTURE' : 'DEFAULT'
    const child = start(base, wanted)
    const gone = once(child, 'exit')
    await sleep((random.below(1000) / 1000) * duration * 1.2)
    child.kill('SIGKILL')
    await gone
    const visible = readVisible(base)
    const found = texts.get(visible)
    if (found === undefined) throw new Error(`run ${run}: a mixed state in ${base}: ${visible}`)
    const outcome = found === wanted ? 'new' : 'old'
    seen.set(outcome, (seen.get(outcome) ?? 0) + 1)
    if (run % 100 === 0) console.log(`${run} runs: ${describe(seen)}`)
  }
  await finish(own, 'DEFAULT')
  console.log(`${runs} kills, 0 mixed states: ${describe(seen)}`)
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

function describe(seen: ReadonlyMap<string, number>): string {
  return [...seen].map(([outcome, count]) => `${count} ${outcome}`).join(', ')
}
