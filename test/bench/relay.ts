/**
 * A guest of random memory from QEMU to QEMU, in turn by QEMU's own TLS and through a pair of relays; and from QEMU
 * to `migrate receive`, which keeps nothing.
 *
 *     npm run bench:relay -- [--runs 5] [--mebibytes 1024]
 *
 * Everything shares the processors of this machine: the rate of the relays is that of four processes.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Qmp } from '../migration/qmp.ts'
import { freePort } from '../peers/port.ts'
import { CRYPTOPOLICY, makeKeys, makeScratch, median } from './nbd-peers.ts'

const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: '5' },
    mebibytes: { type: 'string', default: '1024' },
  },
})
const MEBIBYTES = Number(options.mebibytes)
const MEBIBYTE = 1_048_576

const scratch = makeScratch('/dev/shm')
const keys = makeKeys(scratch.folder)
const started: ChildProcess[] = []

/** Seconds of processor time, of all threads. */
function cpuSeconds({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

function fillWithNoise(path: string): void {
  const descriptor = openSync(path, 'w')
  for (let count = 0; count < MEBIBYTES; count++) writeSync(descriptor, randomBytes(MEBIBYTE))
  closeSync(descriptor)
}

type Qemu = { readonly qmp: Qmp; readonly child: ChildProcess }

async function startQemu(name: string, args: readonly string[]): Promise<Qemu> {
  const memory = `memory-backend-file,id=ram0,size=${MEBIBYTES}M,mem-path=${join(scratch.folder, name)},share=on`
  const monitor = join(scratch.folder, `${name}.qmp`)
  const child = spawn(
    'qemu-system-x86_64',
    [
      ...['-accel', 'tcg', '-machine', 'pc,memory-backend=ram0', '-m', `${MEBIBYTES}`, '-S'],
      ...['-nodefaults', '-display', 'none', '-vga', 'none', '-object', memory, ...args],
      ...['-qmp', `unix:${monitor},server=on,wait=off`],
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  started.push(child)
  return { qmp: await Qmp.connect(monitor, child), child }
}

function startRelay(args: readonly string[]): Promise<ChildProcess> {
  return startEndpoint(['relay', '-q', ...args])
}

async function startEndpoint([command = '', ...args]: readonly string[]): Promise<ChildProcess> {
  const child = spawn(CRYPTOPOLICY, ['migrate', command, '--tls-creds', 'tls0', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  started.push(child)
  let said = ''
  for await (const part of child.stderr ?? []) {
    said += part
    if (said.includes('ready: ')) break
  }
  return child
}

type Way = {
  readonly uri: string
  readonly incoming: string
  readonly relays: readonly ChildProcess[]
}

function objectOf(endpoint: string): string {
  return `tls-creds-x509,id=tls0,dir=${keys},endpoint=${endpoint},priority=NORMAL`
}

async function throughRelays(): Promise<Way> {
  const path = (name: string) => join(scratch.folder, name)
  const port = await freePort()
  const there = await startRelay([
    ...['--listen', `tcp:127.0.0.1:${port}`, '--to', `unix:${path('exit')}`],
    ...['--object', objectOf('server')],
  ])
  const here = await startRelay([
    ...['--listen', `unix:${path('entry')}`, '--to', `tcp:127.0.0.1:${port}`],
    ...['--object', objectOf('client')],
  ])
  return { uri: `unix:${path('entry')}`, incoming: `unix:${path('exit')}`, relays: [here, there] }
}

async function byQemu(): Promise<Way> {
  const uri = `tcp:127.0.0.1:${await freePort()}`
  return { uri, incoming: uri, relays: [] }
}

/** Megabytes a second, and processor seconds: source, destination, relays. */
async function measure(
  makeWay: () => Promise<Way>,
  isTlsOfQemu: boolean,
): Promise<readonly number[]> {
  const way = await makeWay()
  const source = await startQemu('source', isTlsOfQemu ? ['-object', objectOf('client')] : [])
  const tls = isTlsOfQemu ? ['-object', objectOf('server')] : []
  const destination = await startQemu('destination', [...tls, '-incoming', 'defer'])
  const parameters = { 'max-bandwidth': 2 ** 40, ...(isTlsOfQemu ? { 'tls-creds': 'tls0' } : {}) }
  for (const { qmp } of [source, destination]) {
    await qmp.setCapabilities(['events'])
    await qmp.run('migrate-set-parameters', parameters)
  }
  await destination.qmp.run('migrate-incoming', { uri: way.incoming })
  const processes = [source.child, destination.child, ...way.relays]
  return timeMigration(way.uri, [source, destination], processes)
}

/** The same of a receiver without a guest, which ends too soon to tell its processor time. */
async function measureReceive(): Promise<readonly number[]> {
  const uri = `tcp:127.0.0.1:${await freePort()}`
  await startEndpoint([
    ...['receive', '-q', '--listen', uri, '--object', objectOf('server'), '/dev/null'],
  ])
  const source = await startQemu('source', ['-object', objectOf('client')])
  await source.qmp.setCapabilities(['events'])
  await source.qmp.run('migrate-set-parameters', { 'max-bandwidth': 2 ** 40, 'tls-creds': 'tls0' })
  return timeMigration(uri, [source], [source.child])
}

async function timeMigration(
  uri: string,
  ends: readonly Qemu[],
  processes: readonly ChildProcess[],
): Promise<readonly number[]> {
  const [source] = ends
  const before = processes.map(cpuSeconds)
  const begin = performance.now()
  await source?.qmp.run('migrate', { uri })
  const statuses = await Promise.all(ends.map(({ qmp }) => qmp.waitForMigration()))
  const seconds = (performance.now() - begin) / 1000
  if (statuses.some((status) => status !== 'completed')) throw new Error(statuses.join(', '))
  const used = processes.map((child, index) => cpuSeconds(child) - (before[index] ?? 0))
  await stopAll()
  return [(MEBIBYTES * MEBIBYTE) / 1e6 / seconds, ...used]
}

async function stopAll(): Promise<void> {
  for (const child of started.splice(0)) {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }
}

function describe(name: string, runs: readonly (readonly number[])[]): string {
  const column = (index: number) => median(runs.map((values) => values[index] ?? 0))
  const names = ['source', 'destination', 'relay of the source', 'relay of the destination'].slice(
    0,
    (runs[0]?.length ?? 1) - 1,
  )
  const used = names.map((one, index) => `${one} ${column(index + 1).toFixed(2)} s`)
  return `${name}: ${column(0).toFixed(0)} MB/s; processor: ${used.join(', ')}`
}

try {
  fillWithNoise(join(scratch.folder, 'source'))
  const own: (readonly number[])[] = []
  const relayed: (readonly number[])[] = []
  const received: (readonly number[])[] = []
  for (let round = 0; round < Number(options.runs); round++) {
    own.push(await measure(byQemu, true))
    relayed.push(await measure(throughRelays, false))
    received.push(await measureReceive())
  }
  console.log(describe("QEMU's own TLS", own))
  console.log(describe('through relays', relayed))
  console.log(describe('migrate receive', received))
  for (const [name, runs] of Object.entries({ relays: relayed, receive: received })) {
    const ratios = runs.map(([rate = 0], index) => rate / (own[index]?.[0] ?? rate))
    console.log(`${name}: ${median(ratios).toFixed(2)} times as fast`)
  }
} finally {
  await stopAll()
  scratch.remove()
}
