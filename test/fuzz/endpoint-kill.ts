/**
 * Kills `endpoint run` while it goes from one file to another, and looks at what is served after a restart.
 *
 *     npm run soak:endpoint-kill -- [--runs 100] [--seed N]
 *
 * Two files differ in the certificates of their NBD server, its exports, and their relays, which listen at one path.
 * A file takes the place of the other in one step, SIGHUP follows, and kill -9 follows at a random moment. The next
 * process has to serve one of the two sets as a whole, by the judgement of libnbd: that of the file which is there.
 */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs, promisify } from 'node:util'
import { RawMonitor } from '../monitor/raw-monitor.ts'
import { makeCredentials, type ServingProcess, startProcess } from './nbd-process.ts'
import { Random } from './random.ts'

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '100' }, seed: { type: 'string' } },
})
const runs = Number(values.runs)
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed)
const random = new Random(seed)
const runProgram = promisify(execFile)

/** The two sets. */
const SETS = ['a', 'b'] as const
type Set = (typeof SETS)[number]

/** The exports of a set, some of them in both. */
const EXPORTS: Readonly<Record<Set, readonly string[]>> = {
  a: ['both', 'only-a', 'second-a'],
  b: ['both', 'only-b', 'second-b', 'third-b'],
}

/** Longer than a reload takes, in milliseconds. */
const LONGEST_WAIT = 250

/** Of a program that asks the server. */
const PATIENCE = 60_000

const scratch = mkdtempSync(join(tmpdir(), 'cryptopolicy-endpoint-kill-'))
const path = join(scratch, 'host.yaml')
const at = (name: string): string => join(scratch, name)

for (const set of SETS) {
  mkdirSync(at(set))
  makeCredentials(at(set))
}

function textOf(set: Set): string {
  const exports = EXPORTS[set].map((id) => `  - {id: ${id}, memory: 1M}`)
  return [
    'objects:',
    `  - {qom-type: tls-creds-x509, id: tls0, dir: ${at(set)}, endpoint: server, priority: NORMAL}`,
    `  - {qom-type: tls-creds-x509, id: out-${set}, dir: ${at(set)}, endpoint: client, priority: NORMAL}`,
    `nbd: {listen: "unix:${at('nbd.sock')}", tls-creds: tls0, max-connections: ${set === 'a' ? 8 : 9}}`,
    'exports:',
    ...exports,
    'relays:',
    `  - {id: relay-${set}, listen: "unix:${at('relay.sock')}", to: "tcp:127.0.0.1:9", tls-creds: out-${set}}`,
    'monitors:',
    `  - {id: mon0, listen: "unix:${at('mon0.sock')}"}`,
    `metrics: {listen: "unix:${at('metrics.sock')}"}`,
    '',
  ].join('\n')
}

/** As administrators are told to do it. */
function replaceFile(set: Set): void {
  writeFileSync(`${path}.new`, textOf(set))
  renameSync(`${path}.new`, path)
}

/** The names that libnbd lists, trusting the authority of a set; undefined where it does not trust the server. */
async function listExports(set: Set): Promise<string | undefined> {
  const uri = `nbds+unix://localhost/?socket=${at('nbd.sock')}&tls-certificates=${at(set)}&tls-hostname=localhost`
  try {
    const { stdout } = await runProgram('nbdinfo', ['--list', '--json', uri], { timeout: PATIENCE })
    const { exports } = JSON.parse(stdout) as { readonly exports: { 'export-name': string }[] }
    return exports
      .map((one) => one['export-name'])
      .toSorted()
      .join(' ')
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === 1) return undefined
    throw error
  }
}

/** @throws Error where anything is served that is not of this set, or is missing. */
async function judge(set: Set, { log }: ServingProcess): Promise<void> {
  const other = set === 'a' ? 'b' : 'a'
  const found = {
    exports: await listExports(set),
    others: await listExports(other),
    relay: /relay relay-(\w)/.exec(log())?.[1],
    objects: await objectsOf(),
  }
  const expected = {
    exports: EXPORTS[set].toSorted().join(' '),
    others: undefined,
    relay: set,
    objects: `out-${set} tls0`,
  }
  if (JSON.stringify(found) === JSON.stringify(expected)) return
  throw new Error(`${JSON.stringify(found)} is served in place of ${JSON.stringify(expected)}`)
}

async function objectsOf(): Promise<string> {
  const monitor = await RawMonitor.connect(at('mon0.sock'))
  await monitor.run('qmp_capabilities')
  const all = (await monitor.run('qom-list', { path: '/objects' })) as {
    name: string
    type: string
  }[]
  monitor.close()
  return all
    .filter(({ type }) => type.startsWith('child<tls-creds'))
    .map(({ name }) => name)
    .toSorted()
    .join(' ')
}

const start = (): Promise<ServingProcess> => startProcess(['endpoint', 'run', path])

async function killRun(set: Set): Promise<boolean> {
  const before = set === 'a' ? 'b' : 'a'
  replaceFile(before)
  const serving = await start()
  await judge(before, serving)
  replaceFile(set)
  serving.child.kill('SIGHUP')
  await sleep(random.below(LONGEST_WAIT))
  await serving.end('SIGKILL')
  const wasApplied = serving.log().includes('host.yaml: started')
  const again = await start()
  await judge(set, again)
  await again.end('SIGTERM')
  return wasApplied
}

console.log(`seed ${seed}, ${runs} runs`)
let applied = 0
try {
  for (let run = 1; run <= runs; run++) {
    if (await killRun(run % 2 === 0 ? 'a' : 'b')) applied++
    if (run % 10 === 0)
      console.log(`${run} kills: ${applied} after the change, the others before or in it`)
  }
  console.log(`${runs} kills, 0 mixtures`)
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
