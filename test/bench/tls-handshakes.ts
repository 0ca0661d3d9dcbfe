/**
 * Full handshakes a second, in turn with `openssl s_server` and gnutls-serv with the same key.
 *
 *     npm run bench:handshakes -- [--runs 5] [--key rsa:3072]
 *
 * The clients are several `openssl s_time`, so that a server that waits for one client can serve
 * another. The time on the processor is told too: it does not depend on how busy the machine is.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import { makeKeys, makeScratch, median, type Peer, start, stop } from './nbd-peers.ts'

const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: '5' },
    key: { type: 'string', default: 'rsa:2048' },
  },
})
const CLIENTS = 4
const SECONDS = 3
/** Clock ticks of /proc a second: sysconf(_SC_CLK_TCK) is 100 on every Linux of today. */
const TICKS = 100

const scratch = makeScratch()
const keys = makeKeys(scratch.folder, options.key)
const [key, cert] = [join(keys, 'server-key.pem'), join(keys, 'server-cert.pem')]

type Rate = { readonly perSecond: number; readonly milliseconds: number }

async function runClient({ port }: Peer): Promise<number> {
  const args = ['s_time', '-new', '-time', `${SECONDS}`, '-connect', `127.0.0.1:${port}`]
  const client = spawn('openssl', args, { stdio: ['ignore', 'pipe', 'ignore'] })
  const [output] = await Promise.all([text(client.stdout), once(client, 'exit')])
  return Number(/(\d+) connections in \d+ real/.exec(output)?.[1] ?? 0)
}

/** Seconds on the processor, of all threads. */
function processorTime({ process: child }: Peer): number {
  const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS
}

async function measure(peer: Peer): Promise<Rate> {
  const [begin, before] = [performance.now(), processorTime(peer)]
  const counts = await Promise.all(Array.from({ length: CLIENTS }, () => runClient(peer)))
  const count = counts.reduce((sum, value) => sum + value, 0)
  const used = processorTime(peer) - before
  return {
    perSecond: (count * 1000) / (performance.now() - begin),
    milliseconds: (used * 1000) / count,
  }
}

const peers: Peer[] = []
try {
  const ours = join(import.meta.dirname, 'handshake-server.ts')
  peers.push(await start('ours', process.execPath, (port) => [ours, `${port}`, keys]))
  peers.push(
    await start('s_server', 'openssl', (port) => [
      's_server',
      '-accept',
      `${port}`,
      '-key',
      key,
      '-cert',
      cert,
      '-quiet',
    ]),
  )
  peers.push(
    await start('gnutls-serv', 'gnutls-serv', (port) => [
      '-p',
      `${port}`,
      '--x509keyfile',
      key,
      '--x509certfile',
      cert,
      '--echo',
      '-q',
    ]),
  )
  const results = new Map<string, Rate[]>(peers.map(({ name }) => [name, []]))
  for (let round = 0; round < Number(options.runs); round++) {
    for (const peer of peers) results.get(peer.name)?.push(await measure(peer))
  }
  const ownRates = results.get('ours') ?? []
  for (const [name, rates] of results) {
    const ratio = median(
      ownRates.map(({ perSecond }, index) => perSecond / (rates[index]?.perSecond ?? perSecond)),
    )
    const rate = median(rates.map(({ perSecond }) => perSecond)).toFixed(0)
    const cost = median(rates.map(({ milliseconds }) => milliseconds)).toFixed(2)
    const compared = name === 'ours' ? '' : `, ours ${ratio.toFixed(2)} times as many`
    console.log(`${name}: ${rate} a second, ${cost} ms on the processor each${compared}`)
  }
} finally {
  await stop(peers)
  scratch.remove()
}
