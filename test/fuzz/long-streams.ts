/**
 * Long connections: more records than a key of AES-GCM may protect, with changes of keys on both sides.
 *
 *     npm run soak:records -- [--records 16777216] [--way receive|relay|nbd] [--window 256]
 *
 * A client of GnuTLS sends so many records of a few bytes, each alone; every 65536 of them it changes its
 * keys and demands that we change ours. What arrives has to be what was sent, and the memory of the endpoint
 * may not grow.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import { makeCredentials } from './nbd-process.ts'
import { PROGRAM } from './receive-process.ts'

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '16777216' },
    way: { type: 'string' },
    window: { type: 'string', default: '256' },
  },
})

/** How much the memory may grow after the first tenth, in KiB. */
const GROWTH = 32_768

const scratch = mkdtempSync(join(tmpdir(), 'cryptopolicy-records-'))
const keys = join(scratch, 'keys')
mkdirSync(keys)
const tls = makeCredentials(keys)

type Endpoint = {
  readonly child: ChildProcess
  readonly port: number
  readonly stdout: Promise<string>
  readonly log: () => string
}

async function startEndpoint(args: readonly string[]): Promise<Endpoint> {
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  process.once('exit', () => child.kill('SIGKILL'))
  const stdout = text(child.stdout)
  let log = ''
  child.stderr.on('data', (data) => {
    log += data
  })
  let port: string | undefined
  while (port === undefined) {
    await once(child.stderr, 'data')
    port = /^ready: \S*?:(\d+)/m.exec(log)?.[1]
  }
  return { child, port: Number(port), stdout, log: () => log }
}

function memoryOf({ pid }: ChildProcess): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
}

/** Runs the client; gives what it says, and the memory of the endpoint on the way. */
async function runPeer(way: string, { child, port, log }: Endpoint): Promise<PeerResult> {
  const script = join(import.meta.dirname, 'record-peer.ts')
  const args = [script, way, `${port}`, keys, values.records, values.window]
  const peer = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  process.once('exit', () => peer.kill('SIGKILL'))
  const memory: number[] = []
  const timer = setInterval(() => child.exitCode ?? memory.push(memoryOf(child)), 1000)
  const [printed, [status]] = await Promise.all([text(peer.stdout), once(peer, 'close')])
  clearInterval(timer)
  if (status !== 0) throw new Error(`${way}: the client failed\n${log()}`)
  return { ...JSON.parse(printed), memory }
}

type PeerResult = {
  readonly memory: readonly number[]
  readonly sha256?: string
  readonly received?: number
}

async function receive(): Promise<PeerResult> {
  const place = ['--listen', 'tcp:127.0.0.1:0', '--json', ...tls, join(scratch, 'guest')]
  const endpoint = await startEndpoint(['migrate', 'receive', ...place])
  const result = await runPeer('receive', endpoint)
  const stored = JSON.parse(await endpoint.stdout).result
  const isWhole = stored.complete && stored.sha256 === result.sha256
  if (!isWhole) throw new Error(`receive: not what was sent\n${endpoint.log()}`)
  return result
}

async function relay(): Promise<PeerResult> {
  const path = join(scratch, 'exit')
  const echo = createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(path)
  await once(echo, 'listening')
  const places = ['--listen', 'tcp:127.0.0.1:0', '--to', `unix:${path}`]
  const endpoint = await startEndpoint(['migrate', 'relay', ...places, ...tls])
  const result = await runPeer('relay', endpoint)
  endpoint.child.kill()
  echo.close()
  return result
}

async function nbd(): Promise<PeerResult> {
  const image = join(scratch, 'image')
  const bytes = Buffer.alloc(8192)
  for (let at = 0; at < 1024; at++) bytes.writeUInt32BE(at, at * 8 + 4)
  writeFileSync(image, bytes)
  const place = ['-b', '127.0.0.1', '-p', '0', ...tls, image]
  const endpoint = await startEndpoint(['nbd', 'serve', '--persistent', ...place])
  const result = await runPeer('nbd', endpoint)
  endpoint.child.kill()
  return result
}

const WAYS = { receive, relay, nbd }

try {
  for (const [way, run] of Object.entries(WAYS)) {
    if (values.way !== undefined && values.way !== way) continue
    const { memory, received } = await run()
    const settled = memory.slice(Math.ceil(memory.length / 10))
    const growth = Math.max(...settled) - (settled[0] ?? 0)
    const back = received === undefined ? '' : `, ${received} back`
    console.log(`${way}: ${values.records} records${back}: whole; memory grew by ${growth} KiB`)
    if (growth > GROWTH) throw new Error(`${way}: the memory grew: ${memory.join(' ')}`)
  }
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
