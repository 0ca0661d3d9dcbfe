/**
 * Feeds random and mutated options and requests to the NBD server, before TLS and within it.
 *
 *     npm run fuzz:nbd -- [--messages 100000] [--seed N]
 *
 * The server runs in this process, on pairs of streams and on sockets. In half of the sessions the
 * framing is right: there every option and every request has to get its reply. In the other half
 * anything may come, and the connection has to end when the client ends it. Fails at a crash, at a
 * session that takes longer than 20 seconds, and when the memory grows without bound.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect as connectSocket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Duplex, duplexPair } from 'node:stream'
import { setTimeout as delay, setImmediate } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { ExportRegistry } from '../../src/nbd/exports/export-registry.ts'
import { NBD_OPT } from '../../src/nbd/protocol/constants.ts'
import { encodeClientFlags } from '../../src/nbd/protocol/greeting.ts'
import { encodeInfoOption } from '../../src/nbd/protocol/option-data.ts'
import { encodeOption } from '../../src/nbd/protocol/option-header.ts'
import { NbdServer } from '../../src/nbd/server/nbd-server.ts'
import { TlsObjects } from '../../src/tls/objects/tls-objects.ts'
import { RawClient } from '../nbd/server/raw-client.ts'
import { RawTransmission, STYLES } from '../nbd/server/raw-transmission.ts'
import { type Operation, ScriptedStorage } from '../nbd/server/scripted-storage.ts'
import { AUTHORITY, ENDPOINT, make } from '../x509/made-certificate.ts'
import { RandomMessages } from './nbd-messages.ts'
import { Random } from './random.ts'

const { values } = parseArgs({
  options: { messages: { type: 'string', default: '100000' }, seed: { type: 'string' } },
})
const messages = Number(values.messages)
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed)
const random = new Random(seed)

const SIZE = 16 << 20
const PATIENCE = 20_000
const MEMORY_LIMIT = 900 << 20

const scratch = mkdtempSync(join(tmpdir(), 'cryptopolicy-nbd-'))
const made = new RandomMessages(random, SIZE)
const server = makeServer()
const socketPath = join(scratch, 'nbd.sock')
const sent = { messages: 0, sessions: 0, secured: 0, framed: 0 }

function makeServer(): NbdServer {
  const [good, bad] = [new ScriptedStorage(SIZE), new ScriptedStorage(SIZE)]
  // A simple reply to a long read may have no other end than that of the connection.
  good.before = (operation) => (operation === 'read' ? beLate() : failSometimes(operation))
  bad.before = failSometimes
  const served = { isReadOnly: false, isShared: true }
  const credentials = makeCredentials().credentials('tls0', 'server')
  return new NbdServer({
    exports: new ExportRegistry([
      { name: '', storage: good, ...served },
      { name: 'disk', description: 'another', storage: bad, ...served },
    ]),
    security: { tlsMode: 'optional', secure: (connection) => credentials.accept(connection) },
    handshakeLimit: 60,
  })
}

/** Late in half of the cases, wrong in one of a hundred. */
async function failSometimes(operation: Operation): Promise<void> {
  await beLate()
  // A flush that has failed may not succeed any more, but here it is the storage that decides.
  if (operation !== 'flush' && random.below(100) === 0) {
    throw Object.assign(new Error('at random'), { code: random.pick(['EIO', 'ENOSPC', 'EPERM']) })
  }
}

async function beLate(): Promise<void> {
  if (random.below(2) === 0) await setImmediate()
}

function makeCredentials(): TlsObjects {
  const authority = make({ subject: 'Fuzz CA', ...AUTHORITY })
  const endpoint = make({ subject: 'localhost', issuer: authority, ...ENDPOINT })
  writeFileSync(join(scratch, 'ca-cert.pem'), authority.certificate)
  writeFileSync(join(scratch, 'server-cert.pem'), endpoint.certificate)
  writeFileSync(join(scratch, 'server-key.pem'), endpoint.key, { mode: 0o600 })
  const properties = { endpoint: 'server', dir: scratch, 'verify-peer': 'off' }
  return TlsObjects.create([{ type: 'tls-creds-x509', id: 'tls0', properties }])
}

function open(): Duplex {
  if (random.below(5) === 0) return connectSocket(socketPath)
  const [near, far] = duplexPair()
  // A socket has copied what it was given when it says so; a pair hands over the very bytes.
  const write = far._write.bind(far)
  far._write = (bytes: Buffer, encoding, done) => write(Buffer.from(bytes), encoding, done)
  near.once('close', () => far.destroy())
  void server.serve(far, 'fuzz')
  return near
}

async function runSession(): Promise<void> {
  const stream = open()
  const client = new RawClient(stream)
  await client.channel.read(18)
  client.send(encodeClientFlags(3))
  const isFramed = random.below(2) === 0
  const isSecured = random.below(20) === 0
  sent.sessions++
  if (isSecured) {
    if (isFramed) await askOptions(client, random.below(4))
    await client.startTls()
    sent.secured++
  }
  if (isFramed) await runFramed(client)
  else await runWild(client)
  stream.destroy()
}

/** All is answered, each once. */
async function runFramed(client: RawClient): Promise<void> {
  sent.framed++
  await askOptions(client, random.below(20))
  const style = random.pick(STYLES)
  await client.outcome(NBD_OPT.SET_META_CONTEXT)
  await client.go(style).catch(() => {})
  const fresh = await regain(client, style)
  const transmission = new RawTransmission(fresh, style)
  for (let count = random.below(300); count > 0; count -= 20) {
    const calls = Array.from({ length: 20 }, () => made.call(style === 'extended'))
    for (const call of calls) transmission.send(call)
    await transmission.readReplies(calls.length)
    sent.messages += calls.length
  }
  fresh.stream.end()
  await fresh.readToEnd()
  fresh.stream.destroy()
}

/** A client whose style is known: earlier options may have agreed on another one. */
async function regain(client: RawClient, style: (typeof STYLES)[number]): Promise<RawClient> {
  client.stream.destroy()
  const fresh = new RawClient(open())
  await fresh.channel.read(18)
  fresh.send(encodeClientFlags(3))
  if (random.below(20) === 0) {
    await fresh.startTls()
    sent.secured++
  }
  await fresh.go(style, style === 'simple' ? '' : 'disk')
  return fresh
}

async function askOptions(client: RawClient, count: number): Promise<void> {
  for (let done = 0; done < count; done++) {
    client.send(made.option())
    for (;;) {
      const { type } = await client.readOptionReply()
      if (type === 1 || type > 4) break
    }
    sent.messages++
  }
}

/** Whatever comes, the end of the client's side is the end of the connection. */
async function runWild(client: RawClient): Promise<void> {
  const style = random.pick(STYLES)
  const parts: Buffer[] = []
  const add = (bytes: Buffer) => {
    parts.push(random.below(10) === 0 ? made.mutate(bytes) : bytes)
    sent.messages++
  }
  for (let count = random.below(6); count > 0; count--) add(made.option())
  if (style !== 'simple') add(encodeOption(style === 'structured' ? 8 : 11))
  const name = random.pick(['', 'disk'])
  add(encodeOption(NBD_OPT.GO, encodeInfoOption({ name, information: [] })))
  const transmission = new RawTransmission(client, style)
  for (let count = random.below(60); count > 0; count--) {
    add(transmission.encode(made.call(style === 'extended')))
  }
  const { stream } = client
  await Promise.all([client.readToEnd(), sendInPieces(stream, Buffer.concat(parts))])
}

async function sendInPieces(stream: Duplex, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const length = random.pick([1, 20, 1000, 65_536, 1 << 20])
    stream.write(bytes.subarray(at, at + length))
    at += length
    if (random.below(4) === 0) await setImmediate()
  }
  stream.end()
}

async function withinPatience(work: Promise<void>): Promise<void> {
  const over = new AbortController()
  const late = delay(PATIENCE, 'late', { signal: over.signal }).catch(() => 'done')
  const outcome = await Promise.race([work.then(() => 'done'), late])
  over.abort()
  if (outcome === 'late') throw new Error(`session ${sent.sessions} hangs`)
}

console.log(`seed ${seed}, ${messages} messages`)
let peak = 0
try {
  await server.listen({ path: socketPath })
  for (let told = 0; sent.messages < messages; ) {
    await withinPatience(Promise.all([0, 1, 2, 3].map(runSession)).then(() => {}))
    peak = Math.max(peak, process.memoryUsage.rss())
    if (peak > MEMORY_LIMIT) throw new Error(`${peak >> 20} MiB of memory`)
    if (sent.messages - told >= 100_000) {
      told = sent.messages
      console.log(`${describe()}`)
    }
  }
  await server.drain(1000)
  if (server.connectionCount > 0) throw new Error(`${server.connectionCount} connections are left`)
  console.log(`${describe()}: 0 crashes, 0 hangs`)
} finally {
  await server.drain(0)
  rmSync(scratch, { recursive: true, force: true })
}

function describe(): string {
  const { messages: count, sessions, secured, framed } = sent
  const memory = `${peak >> 20} MiB at most`
  return `${count} messages in ${sessions} sessions (${framed} well-formed, ${secured} with TLS), ${memory}`
}
