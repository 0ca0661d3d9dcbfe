/**
 * Processor time that strangers can cost an endpoint by the certificates that they send.
 *
 *     npm run bench:hostile-chains -- [--connections 8]
 *
 * Each flood runs against an endpoint that keeps OpenSSL from verifying, and against one that cannot
 * (`--no-addons`), as a server and as a client.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { connect, createServer } from 'node:tls'
import { parseArgs } from 'node:util'
import { COSTLY_KINDS, costlyChain } from '../x509/costly-chain.ts'
import type { Made } from '../x509/made-certificate.ts'
import { makeKeys, makeScratch } from './nbd-peers.ts'

const { values: options } = parseArgs({
  options: { connections: { type: 'string', default: '8' } },
})
const CONNECTIONS = Number(options.connections)
/** Clock ticks of /proc a second: sysconf(_SC_CLK_TCK) is 100 on every Linux of today. */
const TICKS = 100
const ENDPOINT = join(import.meta.dirname, '..', 'tls', 'objects', 'session-endpoint.ts')

type Chain = { readonly cert: string; readonly key: string }

const scratch = makeScratch()
const keys = makeKeys(scratch.folder)

function start(flags: readonly string[], ...args: readonly string[]): ChildProcess {
  const stdio = ['ignore', 'pipe', 'inherit'] as const
  return spawn(process.execPath, [...flags, ENDPOINT, ...args], { stdio: [...stdio] })
}

/** Seconds on the processor, of all threads. */
function processorTime({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS
}

/** Connects to a server as often as is asked, and waits until each connection is closed. */
async function flood(port: number, chain: Chain): Promise<void> {
  const visits = Array.from({ length: CONNECTIONS }, async () => {
    const socket = connect({ port, host: '127.0.0.1', ...chain, rejectUnauthorized: false })
    socket.on('error', () => {}).resume()
    // Unlike events.once, it does not end with the alert by which a chain is refused.
    await new Promise((resolve) => socket.once('close', resolve))
  })
  await Promise.all(visits)
}

async function costOfServer(flags: readonly string[], chain: Chain): Promise<number> {
  const server = start(flags, 'server', keys)
  try {
    const lines = createInterface(server.stdout as NodeJS.ReadableStream)
    const [port] = (await once(lines, 'line')) as [string]
    const before = processorTime(server)
    await flood(Number(port), chain)
    return processorTime(server) - before
  } finally {
    server.kill('SIGKILL')
  }
}

async function costOfClient(flags: readonly string[], chain: Chain): Promise<number> {
  const server = createServer(chain, (socket) => socket.on('error', () => {}).resume())
  server.on('tlsClientError', () => {}).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const client = start(flags, 'client', keys, ...Array(CONNECTIONS + 1).fill(`${port}`))
  const lines = createInterface(client.stdout as NodeJS.ReadableStream)
  // What comes before the end of the first connection is the start of the program.
  await once(lines, 'line')
  const before = processorTime(client)
  for (let told = 0; told < CONNECTIONS; told++) await once(lines, 'line')
  const used = processorTime(client) - before
  client.kill('SIGKILL')
  server.close()
  return used
}

function chainOf(made: readonly Made[]): Chain {
  return { cert: made.map(({ certificate }) => certificate).join(''), key: made[0]?.key ?? '' }
}

async function compare(name: string, chain: Chain): Promise<void> {
  for (const [side, cost] of [
    ['server', costOfServer],
    ['client', costOfClient],
  ] as const) {
    const [omitted, verified] = [await cost([], chain), await cost(['--no-addons'], chain)]
    console.log(
      `${name}, ${side}: ${omitted.toFixed(2)} s, with OpenSSL's verification ${verified.toFixed(2)} s`,
    )
  }
}

try {
  console.log(`${CONNECTIONS} connections`)
  await compare('1 certificate', chainOf(costlyChain('ec-secp521r1', 1)))
  for (const kind of COSTLY_KINDS) {
    for (const count of [16, 50]) {
      await compare(`${count} certificates ${kind}`, chainOf(costlyChain(kind, count)))
    }
  }
} finally {
  scratch.remove()
}
