/**
 * Connects to a character device of `endpoint run` over TLS, says something and leaves, many thousand times.
 *
 *     npm run soak:chardev -- [--clients 20000]
 *
 * What every client leaves behind adds up in a process that runs for months: after the first tenth, the memory in use,
 * garbage collected, may not grow by more than that of compiled code, and no descriptor may stay open. One client
 * after the other is joined to a ring buffer; eight at a time share another device, which stands behind a socket; and
 * as many again come to a third one in clear. What the process has from the system is more, and may grow a little.
 * The process is started as users start it, since the launcher bounds the room for garbage.
 */
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect as connectPlain } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'node:tls'
import { parseArgs } from 'node:util'
import { makeCredentials, type ServingProcess, startProcess } from './nbd-process.ts'

const { values } = parseArgs({ options: { clients: { type: 'string', default: '20000' } } })
const clients = Number(values.clients)

/** Of clients that are there at the same time. */
const CROWD = 8

/** How much the memory may grow for each client after the first tenth, in bytes: code that is compiled meanwhile takes some too. */
const GROWTH = 200

/** How much the memory from the system may grow after the first tenth, in bytes, however many clients come. */
const SYSTEM_GROWTH = 32 << 20

/** Descriptors that are open for a moment, such as those of files that are looked at. */
const SPARE = 8

/** At this signal the process collects its garbage, and says how much memory it uses. */
const ON_SIGNAL = `import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')
process.on('SIGUSR2', () => {
  collect()
  const { heapUsed, external, rss } = process.memoryUsage()
  console.error('memory: ' + (heapUsed + external) + ' of ' + rss)
})`

const LAUNCHER = join(import.meta.dirname, '..', '..', 'bin', 'cryptopolicy')

const scratch = mkdtempSync(join(tmpdir(), 'cryptopolicy-chardev-clients-'))
const keys = join(scratch, 'keys')
mkdirSync(keys)
makeCredentials(keys)
const credentials = {
  ca: readFileSync(join(keys, 'ca-cert.pem')),
  cert: readFileSync(join(keys, 'client-cert.pem')),
  key: readFileSync(join(keys, 'client-key.pem')),
  servername: 'localhost',
}

async function start(): Promise<ServingProcess> {
  const preload = join(scratch, 'on-signal.mjs')
  writeFileSync(preload, ON_SIGNAL)
  const tls = 'host: 127.0.0.1, port: 0, server: true, tls-creds: tls0'
  const lines = [
    'objects:',
    `  - {qom-type: tls-creds-x509, id: tls0, dir: ${keys}, endpoint: server}`,
    'chardevs:',
    '  - {id: ring, backend: ringbuf}',
    '  - {id: other, backend: ringbuf}',
    '  - {id: clear, backend: socket, host: 127.0.0.1, port: 0, server: true, join: other}',
    `  - {id: single, backend: socket, ${tls}, join: ring}`,
    `  - {id: back, backend: socket, path: ${join(scratch, 'back.sock')}, server: true}`,
    `  - {id: shared, backend: socket, ${tls}, mux: true, join: back}`,
    '',
  ]
  const path = join(scratch, 'host.yaml')
  writeFileSync(path, lines.join('\n'))
  const settings = [`NODE_OPTIONS=--import=${preload}`, `CRYPTOPOLICY_NODE=${process.execPath}`]
  return startProcess(['endpoint', 'run', path], ['env', ...settings], [LAUNCHER])
}

/** @returns when the server has closed the connection. */
async function visit(port: number, isClear: boolean): Promise<void> {
  const place = { host: '127.0.0.1', port }
  const socket = isClear ? connectPlain(place) : connect({ ...place, ...credentials })
  socket.on('error', (error) => {
    throw error
  })
  await once(socket, isClear ? 'connect' : 'secureConnect')
  socket.resume().end('a line\n')
  await once(socket, 'close')
}

/** What it uses when all clients were forgotten, and what it has from the system. */
async function memoryOf({ child, log }: ServingProcess): Promise<readonly [number, number]> {
  await sleep(500)
  const told = () => [...log().matchAll(/^memory: (\d+) of (\d+)$/gm)]
  const before = told().length
  child.kill('SIGUSR2')
  while (told().length === before) await sleep(10)
  const [, used, all] = told().at(-1) ?? []
  return [Number(used), Number(all)]
}

function descriptorsOf({ child }: ServingProcess): number {
  return readdirSync(`/proc/${child.pid}/fd`).length
}

async function run(id: string, serving: ServingProcess): Promise<void> {
  const port = Number(new RegExp(`${id}.*127\\.0\\.0\\.1:(\\d+)`).exec(serving.log())?.[1])
  const used: number[] = []
  const taken: number[] = []
  let done = 0
  for (const share of [0.1, 0.25, 0.5, 1]) {
    const goal = clients * share
    const visitor = async () => {
      while (done < goal) {
        done++
        await visit(port, id === 'clear')
      }
    }
    await Promise.all(Array.from({ length: CROWD }, visitor))
    const [now, all] = await memoryOf(serving)
    used.push(now)
    taken.push(all)
    const kib = (bytes: number) => `${Math.round(bytes / 1024)} KiB`
    console.log(`${id}: ${done} clients, ${kib(now)} in use, ${kib(all)} from the system`)
  }
  const growth = ((used.at(-1) ?? 0) - (used[0] ?? 0)) / (clients * 0.9)
  console.log(`${id}: ${growth.toFixed(1)} bytes for each client`)
  if (!(growth <= GROWTH)) throw new Error(`${id}: the memory grew: ${used.join(' ')}`)
  const more = (taken.at(-1) ?? 0) - (taken[0] ?? 0)
  if (!(more <= SYSTEM_GROWTH)) throw new Error(`${id}: the process grew: ${taken.join(' ')}`)
}

const serving = await start()
try {
  console.log(serving.log())
  connectPlain(join(scratch, 'back.sock')).resume().unref()
  await sleep(500)
  const descriptors = descriptorsOf(serving)
  for (const id of ['clear', 'single', 'shared']) await run(id, serving)
  const left = descriptorsOf(serving) - descriptors
  if (left > SPARE) throw new Error(`${left} descriptors stayed open`)
} finally {
  await serving.end('SIGTERM')
  rmSync(scratch, { recursive: true, force: true })
}
