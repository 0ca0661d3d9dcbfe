/**
 * Kills update-policies at random moments and looks at what is left.
 *
 *     npm run soak:kill -- [--runs 500] [--seed N]
 *
 * Each run switches between two policies and is killed with SIGKILL: half of them at a random moment of the
 * time that a whole run takes, half within the switch, counted from the first change of the store. Afterwards
 * every file has to be of the one policy or every file of the other. The hosts have application policies
 * with files of their own. A third of them has our folders, a third the real folders of a distribution that
 * lead to our files, and a third such folders that no run has seen yet.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  watch,
  writeFileSync,
} from 'node:fs'
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
type Policy = (typeof POLICIES)[number]
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

/** Names of applications, with what stands in each policy. */
const APPLICATIONS: readonly (readonly [string, string])[] = [
  ['guests', 'key_exchange = -RSA\n'],
  ['shop', '# %back_ends=gnutls, openssl, java, nginx, node\nprotocol@TLS = -TLS1.1 -TLS1.0\n'],
  ['mail', '# %back_ends=nginx\ncipher = -AES-128-CBC\n'],
]

function writeApplications(base: string): void {
  mkdirSync(join(base, 'applications'), { recursive: true })
  for (const [name, text] of APPLICATIONS) {
    writeFileSync(join(base, 'applications', `${name}.pmod`), text)
  }
}

/** Every file below a folder, through links too. A link that leads nowhere shows nothing. */
function listFiles(base: string, folder: string): readonly string[] {
  return readdirSync(join(base, folder)).flatMap((name) => {
    const path = join(folder, name)
    const stats = statSync(join(base, path), { throwIfNoEntry: false })
    return stats?.isDirectory() ? listFiles(base, path) : stats ? [path] : []
  })
}

/** The text of every file that readers see. */
function readVisible(base: string): string {
  return ['back-ends', 'state']
    .flatMap((folder) => listFiles(base, folder))
    .toSorted()
    .map((path) => `${path}\n${readFileSync(join(base, path), 'utf8')}`)
    .join('\0')
}

/** A host with real folders, as a distribution ships them, which hold what a run has compiled. */
function makeForeign(name: string, compiled: string): string {
  const base = join(scratch, name)
  rmSync(base, { recursive: true, force: true })
  for (const folder of ['back-ends', 'state']) {
    cpSync(`${join(compiled, folder)}/`, join(base, folder), { recursive: true, dereference: true })
  }
  cpSync(join(compiled, 'config'), join(base, 'config'))
  writeApplications(base)
  return base
}

async function measureRun(base: string): Promise<number> {
  const begin = performance.now()
  await finish(base, 'FUTURE')
  await finish(base, 'DEFAULT')
  return (performance.now() - begin) / 2
}

/** Kills a run somewhere in its whole time, or somewhere after it began to change the store. */
async function killSomewhere(base: string, wanted: Policy, duration: number): Promise<void> {
  const store = join(base, '.generations')
  const isWatched = existsSync(store) && random.below(2) === 0
  const watcher = isWatched ? watch(store) : undefined
  const child = start(base, wanted)
  const gone = once(child, 'exit')
  if (watcher) {
    await Promise.race([once(watcher, 'change'), gone])
    watcher.close()
    await sleep((random.below(1000) / 1000) * duration * 0.5)
  } else await sleep((random.below(1000) / 1000) * duration * 1.2)
  child.kill('SIGKILL')
  await gone
}

console.log(`seed ${seed}, ${runs} runs`)
try {
  const model = join(scratch, 'model')
  const own = join(scratch, 'own')
  const bare = join(scratch, 'bare')
  for (const base of [model, own]) writeApplications(base)
  await finish(bare, 'DEFAULT')
  const texts = new Map<string, Policy>()
  for (const policy of POLICIES) {
    await finish(model, policy)
    texts.set(readVisible(model), policy)
  }
  const textOf = (policy: Policy) => [...texts].find(([, one]) => one === policy)?.[0]
  const duration = await measureRun(own)
  const foreign = makeForeign('foreign', bare)
  await finish(foreign, 'DEFAULT')
  const seen = new Map<string, number>()
  for (let run = 1; run <= runs; run++) {
    const base = [own, foreign][random.below(3)] ?? makeForeign('fresh', bare)
    const before = readVisible(base)
    const wanted = texts.get(before) === 'FUTURE' ? 'DEFAULT' : 'FUTURE'
    await killSomewhere(base, wanted, duration)
    const visible = readVisible(base)
    const isNew = visible === textOf(wanted)
    if (!isNew && visible !== before) {
      throw new Error(`run ${run}: a mixed state in ${base}: ${visible}`)
    }
    const outcome = isNew ? 'new' : 'old'
    seen.set(outcome, (seen.get(outcome) ?? 0) + 1)
    if (run % 100 === 0) console.log(`${run} runs: ${describe(seen)}`)
  }
  for (const base of [own, foreign]) await finish(base, 'DEFAULT')
  console.log(`${runs} kills, 0 mixed states: ${describe(seen)}`)
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

function describe(seen: ReadonlyMap<string, number>): string {
  return [...seen].map(([outcome, count]) => `${count} ${outcome}`).join(', ')
}
