/**
 * Kills update-policies at random moments and looks at what is left.
 *
 *     npm run soak:kill -- [--runs 500] [--seed N]
 *
 * Each run switches between two policies and is killed with SIGKILL at a random moment of the time
 * that a whole run takes. Afterwards every file has to be of the one policy or every file of the
 * other; half of the hosts have the real folders of a distribution rather than ours.
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

const PROGRAM = join(import.meta.dirname, '..', '..', 'dist', 'update-policies.js')
const POLICIES = ['DEFAULT', 'FUTURE'] as const
const scratch = mkdtempSync(join(tmpdir(), 'cryptopolicy-kill-'))

function start(base: string, policy: string) {
  const args = [PROGRAM, '--base-dir', base, '--set', policy, '--no-reload', '--quiet']
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

/** A host whose folders are ours, or real ones as a distribution ships them. */
async function makeHost(name: string, isForeign: boolean): Promise<string> {
  const base = join(scratch, name)
  await finish(base, 'DEFAULT')
  if (!isForeign) return base
  const foreign = `${base}-foreign`
  for (const folder of ['back-ends', 'state']) {
    cpSync(`${join(base, folder)}/`, join(foreign, folder), { recursive: true, dereference: true })
  }
  cpSync(join(base, 'config'), join(foreign, 'config'))
  return foreign
}

async function measureRun(base: string): Promise<number> {
  const begin = performance.now()
  await finish(base, 'FUTURE')
  await finish(base, 'DEFAULT')
  return (performance.now() - begin) / 2
}

console.log(`seed ${seed}, ${runs} runs`)
try {
  const model = await makeHost('model', false)
  const texts = new Map<string, string>()
  for (const policy of POLICIES) {
    await finish(model, policy)
    texts.set(readVisible(model), policy)
  }
  const duration = await measureRun(model)
  const hosts = [await makeHost('own', false), await makeHost('other', true)]
  const seen = new Map<string, number>()
  for (let run = 1; run <= runs; run++) {
    const base = random.pick(hosts)
    const inForce = texts.get(readVisible(base)) ?? 'mixed'
    const wanted = inForce === 'DEFAULT' ? 'FUTURE' : 'DEFAULT'
    const child = start(base, wanted)
    const gone = once(child, 'exit')
    await sleep((random.below(1000) / 1000) * duration * 1.1)
    child.kill('SIGKILL')
    await gone
    const found = texts.get(readVisible(base)) ?? 'mixed'
    const outcome = found === 'mixed' ? 'mixed' : found === wanted ? 'new' : 'old'
    seen.set(outcome, (seen.get(outcome) ?? 0) + 1)
    if (outcome === 'mixed') throw new Error(`run ${run}: a mixed state in ${base}`)
    if (run % 100 === 0) console.log(`${run} runs: ${describe(seen)}`)
  }
  for (const base of hosts) await finish(base, 'DEFAULT')
  console.log(`${runs} kills, 0 mixed states: ${describe(seen)}`)
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

function describe(seen: ReadonlyMap<string, number>): string {
  return [...seen].map(([outcome, count]) => `${count} ${outcome}`).join(', ')
}
