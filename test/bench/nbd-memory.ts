/**
 * Resident memory of `cryptopolicy nbd serve` with many clients over TLS.
 *
 *     npm run bench:nbd-memory
 */
import { NbdClient } from '../../src/nbd/client/nbd-client.ts'
import { parseObject } from '../../src/tls/objects/parse-object.ts'
import { TlsObjects } from '../../src/tls/objects/tls-objects.ts'
import { makeKeys, makeScratch, type Peer, residentMiB, run, startOurs, stop } from './nbd-peers.ts'

const BUSY = 200
const IDLE = 2000
const REQUEST = 262_144
const IN_FLIGHT = 4
/** Handshakes at a time: each has ten seconds. */
const AT_ONCE = 25

const scratch = makeScratch('/dev/shm')
const keys = makeKeys(scratch.folder)
const image = `${scratch.folder}/image`
run('sh', ['-c', 'head -c 1G /dev/urandom > "$0"', image])

const objects = TlsObjects.create([
  parseObject(`tls-creds-x509,id=tls0,dir=${keys},endpoint=client,priority=NORMAL`),
])
const tls = {
  mode: 'required',
  credentials: objects.credentials('tls0', 'client'),
  hostname: 'localhost',
} as const

async function connectMany({ port }: Peer, count: number): Promise<readonly NbdClient[]> {
  const clients: NbdClient[] = []
  const address = { kind: 'tcp', host: '127.0.0.1', port } as const
  const connect = async () => {
    while (clients.length < count) {
      const client = NbdClient.connect(address, '', { tls, timeout: 60_000 })
      clients.push(await client)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, connect))
  return clients
}

/** Keeps requests in flight until told to stop. */
async function keepBusy(client: NbdClient, isOver: () => boolean): Promise<void> {
  const target = Buffer.alloc(REQUEST)
  while (!isOver()) {
    const offset = Math.floor(Math.random() * 4000) * REQUEST
    await client.read(offset, REQUEST, target)
  }
}

async function measureBusy(peer: Peer): Promise<number> {
  const clients = await connectMany(peer, BUSY)
  let isOver = false
  let most = 0
  const works = clients.flatMap((client) =>
    Array.from({ length: IN_FLIGHT }, () => keepBusy(client, () => isOver)),
  )
  const timer = setInterval(() => {
    most = Math.max(most, residentMiB(peer))
  }, 250)
  setTimeout(() => {
    isOver = true
  }, 10_000)
  await Promise.all(works)
  clearInterval(timer)
  await Promise.all(clients.map((client) => client.disconnect()))
  return most
}

async function measureIdle(peer: Peer): Promise<number> {
  const clients = await connectMany(peer, IDLE)
  const resident = residentMiB(peer)
  await Promise.all(clients.map((client) => client.disconnect()))
  return resident
}

async function measure(what: string, work: (peer: Peer) => Promise<number>): Promise<void> {
  const peer = await startOurs(keys, [image])
  try {
    const before = residentMiB(peer)
    const during = await work(peer)
    console.log(`${what}: ${during.toFixed(0)} MiB resident (${before.toFixed(0)} before)`)
  } finally {
    await stop([peer])
  }
}

try {
  await measure(
    `${BUSY} connections, each with ${IN_FLIGHT} reads of 256 KiB in flight`,
    measureBusy,
  )
  await measure(`${IDLE} idle connections`, measureIdle)
} finally {
  scratch.remove()
}
