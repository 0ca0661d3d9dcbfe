/**
 * How long a full audit takes, in turn with sslscan and nmap's ssl-enum-ciphers on the same servers.
 *
 *     npm run bench:audit -- [--runs 7] [--key rsa:2048]
 *
 * Of each it tells the time on the clock, the processor's time in the scanner and in the server, and,
 * of a run that is not measured, connections and bytes. The clock depends on how busy the machine is:
 * what counts is its ratio to the faster of the other two in the same round.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { CRYPTOPOLICY, makeKeys, makeScratch, median, type Peer, start, stop } from './nbd-peers.ts'

const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: '7' },
    key: { type: 'string', default: 'rsa:2048' },
  },
})
/** Clock ticks of /proc a second: sysconf(_SC_CLK_TCK) is 100 on every Linux of today. */
const TICKS = 100
const LONGEST = 120_000

type Scanner = { readonly name: string; readonly argsOf: (port: number) => readonly string[] }

const OURS = 'cryptopolicy'
const SCANNERS: readonly Scanner[] = [
  { name: OURS, argsOf: (port) => [CRYPTOPOLICY, 'audit', `127.0.0.1:${port}`] },
  { name: 'sslscan', argsOf: (port) => ['sslscan', '--no-colour', `127.0.0.1:${port}`] },
  {
    name: 'nmap',
    argsOf: (port) => [
      ...['nmap', '-Pn', '-n', '-p', `${port}`, '--script', 'ssl-enum-ciphers', '127.0.0.1'],
    ],
  },
]

async function runScanner({ name, argsOf }: Scanner, port: number): Promise<void> {
  const [program = '', ...args] = argsOf(port)
  const child = spawn(program, args, { stdio: 'ignore', timeout: LONGEST, killSignal: 'SIGKILL' })
  const [status] = await once(child, 'exit')
  if (status !== 0) throw new Error(`${name} gave ${status}`)
}

/** Seconds on the processor of all children that have ended. */
function childrenTime(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  return (Number(fields[13]) + Number(fields[14])) / TICKS
}

function serverTime({ process: child }: Peer): number {
  return Number(readFileSync(`/proc/${child.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e9
}

type Measured = { readonly clock: number; readonly scanner: number; readonly server: number }

async function measure(scanner: Scanner, peer: Peer): Promise<Measured> {
  const [begin, own, theirs] = [performance.now(), childrenTime(), serverTime(peer)]
  await runScanner(scanner, peer.port)
  return {
    clock: (performance.now() - begin) / 1000,
    scanner: childrenTime() - own,
    server: serverTime(peer) - theirs,
  }
}

type Traffic = { connections: number; sent: number; received: number }

/** A run through a counter on the way. */
async function countTraffic(scanner: Scanner, { port }: Peer): Promise<Traffic> {
  const traffic = { connections: 0, sent: 0, received: 0 }
  const counter = createServer((client) => {
    traffic.connections++
    const server = connect(port, '127.0.0.1')
    client.on('data', ({ length }) => (traffic.sent += length))
    server.on('data', ({ length }) => (traffic.received += length))
    client.on('error', () => server.destroy()).on('close', () => server.destroy())
    server.on('error', () => client.destroy()).on('close', () => client.destroySoon())
    client.pipe(server).pipe(client)
  })
  counter.listen(0, '127.0.0.1')
  await once(counter, 'listening')
  await runScanner(scanner, (counter.address() as AddressInfo).port)
  counter.close()
  return traffic
}

/** The times of each scanner, a round after the other. */
async function compare(peer: Peer): Promise<void> {
  const results = new Map<string, Measured[]>(SCANNERS.map(({ name }) => [name, []]))
  for (let round = 0; round < Number(options.runs); round++) {
    for (const scanner of SCANNERS) results.get(scanner.name)?.push(await measure(scanner, peer))
  }
  console.log(`\n${peer.name}`)
  for (const scanner of SCANNERS) {
    const runs = results.get(scanner.name) ?? []
    const [clock, own, server] = (['clock', 'scanner', 'server'] as const).map((part) =>
      median(runs.map((run) => run[part])).toFixed(2),
    )
    const { connections, sent, received } = await countTraffic(scanner, peer)
    console.log(
      `  ${scanner.name.padEnd(12)} ${clock} s, processor ${own} s here and ${server} s in the ` +
        `server; ${connections} connections, ${sent} bytes sent, ${received} received`,
    )
  }
  const [ours = [], ...others] = [...results.values()]
  const ratios = ours.map(
    ({ clock }, at) => clock / Math.min(...others.map((runs) => runs[at]?.clock ?? clock)),
  )
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)]
  console.log(
    `  ours takes ${median(ratios).toFixed(2)} of the faster (${least.toFixed(2)} to ${most.toFixed(2)})`,
  )
}

const scratch = makeScratch()
const keys = makeKeys(scratch.folder, options.key)
const [key, cert] = [join(keys, 'server-key.pem'), join(keys, 'server-cert.pem')]
const peers: Peer[] = []
try {
  peers.push(
    await start('openssl s_server', 'openssl', (port) => [
      ...['s_server', '-accept', `127.0.0.1:${port}`, '-key', key, '-cert', cert, '-quiet', '-www'],
    ]),
  )
  peers.push(
    await start('gnutls-serv', 'gnutls-serv', (port) => [
      ...['-p', `${port}`, '--x509keyfile', key, '--x509certfile', cert, '--http', '-q'],
    ]),
  )
  for (const peer of peers) await compare(peer)
} finally {
  await stop(peers)
  scratch.remove()
}
