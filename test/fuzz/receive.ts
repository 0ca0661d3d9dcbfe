/**
 * Receives many guests from real QEMUs, and many that are cut, changed or killed.
 *
 *     npm run soak:receive -- [--runs 100] [--size 64] [--cuts 300] [--changes 1000] [--kills 50] [--seed N]
 *
 * `--runs` guests of `--size` MiB come over TLS without return path: each has to be stored whole, although
 * its source reads nothing. Then one of them is sent again: cut at `--cuts` random bytes; with `--changes`
 * random bytes of its TLS changed on their way; and with the source or the receiver killed at `--kills`
 * random moments. Nothing may look whole then that is not.
 */
import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { parseArgs } from 'node:util'
import { makeCredentials } from './nbd-process.ts'
import { Random } from './random.ts'
import { PROGRAM, type Receiving, sendGuest, startReceiving } from './receive-process.ts'

const number = (value: string) => ({ type: 'string', default: value }) as const
const { values } = parseArgs({
  options: {
    ...{ runs: number('100'), size: number('64'), cuts: number('300') },
    ...{ changes: number('1000'), kills: number('50'), seed: { type: 'string' } },
  },
})
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed)
const random = new Random(seed)

const scratch = mkdtempSync(join(tmpdir(), 'cryptopolicy-receive-'))
const [keys, stored] = ['keys', 'stored'].map((name) => join(scratch, name)) as [string, string]
for (const folder of [keys, stored]) mkdirSync(folder)
const file = join(stored, 'guest')
const memory = join(scratch, 'memory')
const tls = makeCredentials(keys)
const source = { memory, keys, megabytes: Number(values.size) }

function check(isRight: boolean, what: string, receiving?: Receiving): void {
  if (isRight) return
  const log = receiving ? `\n${receiving.log()}` : ''
  throw new Error(`${what} (--seed ${seed}); left: ${readdirSync(stored).join(', ')}${log}`)
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Empties the folder for the next one. */
function clear(): void {
  for (const name of readdirSync(stored)) rmSync(join(stored, name))
}

/** Whether what is left is one whole guest. */
function isWhole(): boolean {
  if (!existsSync(file)) return false
  return readFileSync(`${file}.sha256`, 'latin1').startsWith(sha256(readFileSync(file)))
}

/** Whether the memory that is rebuilt of what was stored is that of the source. */
function holdsMemory(): boolean {
  const out = join(scratch, 'rebuilt')
  rmSync(out, { recursive: true, force: true })
  execFileSync(process.execPath, [PROGRAM, 'migrate', 'inspect', '-q', '--ram', file, '--out', out])
  return readFileSync(join(out, 'ram0')).equals(readFileSync(memory))
}

async function receiveWhole(): Promise<Buffer> {
  clear()
  writeFileSync(memory, randomBytes(source.megabytes * 1024 * 1024))
  const receiving = await startReceiving(tls, file)
  const qemu = sendGuest(receiving.port, source)
  check((await receiving.status) === 0, 'a guest was not stored', receiving)
  if (qemu.exitCode === null) await once(qemu, 'exit')
  check(isWhole(), 'a guest is not as its digest says')
  check(holdsMemory(), 'a guest has not the memory that it had')
  return readFileSync(file)
}

async function cut(stream: Buffer): Promise<void> {
  const at = 8 + random.below(stream.length - 8)
  // All but the description is there: QEMU takes that guest, and so do we.
  if (at === descriptionPlace(stream)) return
  const receiving = await startReceiving([], file)
  const socket = connect(receiving.port, '127.0.0.1').on('error', () => {})
  socket.end(stream.subarray(0, at))
  const status = await receiving.status
  check(
    status === 65 && receiving.log().includes(`byte ${at}`),
    `cut at ${at}: ${status}`,
    receiving,
  )
  check(readdirSync(stored).length === 0, `something is left of a guest cut at ${at}`)
}

function descriptionPlace(stream: Buffer): number {
  return stream.lastIndexOf('{"configuration"') - 5
}

/** Sends over TLS through a relay that changes one byte. */
async function change(stream: Buffer): Promise<void> {
  const receiving = await startReceiving(tls, file)
  // Behind the handshake.
  const at = 16_384 + random.below(stream.length - 16_384)
  const server = createServer((near) => passOn(near, connect(receiving.port, '127.0.0.1'), at))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as { port: number }
  const pem = (name: string) => readFileSync(join(keys, name))
  const session = connectTls({
    ...{ port, host: '127.0.0.1', servername: 'localhost', ca: pem('ca-cert.pem') },
    ...{ cert: pem('client-cert.pem'), key: pem('client-key.pem') },
  })
  session.on('error', () => {}).end(stream)
  const status = await receiving.status
  check(status === 65 && /byte \d+/.test(receiving.log()), `changed at ${at}: ${status}`, receiving)
  check(readdirSync(stored).length === 0, `something is left of a guest changed at ${at}`)
  session.destroy()
  server.close()
}

function passOn(near: Socket, far: Socket, at: number): void {
  let passed = 0
  for (const socket of [near, far]) socket.on('error', () => {})
  far.pipe(near)
  far.on('close', () => near.destroy())
  near.on('end', () => far.end())
  near.on('data', (bytes: Buffer) => {
    const place = at - passed
    passed += bytes.length
    if (place >= 0 && place < bytes.length)
      bytes[place] = (bytes[place] ?? 0) ^ (1 << random.below(8))
    far.write(bytes)
  })
}

async function kill(): Promise<void> {
  clear()
  const receiving = await startReceiving(tls, file)
  const qemu = sendGuest(receiving.port, source)
  const isReceiver = random.below(2) === 0
  await sleep(random.below(1500))
  const victim = isReceiver ? receiving.child : qemu
  victim.kill('SIGKILL')
  if (!isReceiver) await Promise.race([receiving.status, sleep(2000)])
  receiving.child.kill('SIGTERM')
  await receiving.status
  qemu.kill('SIGKILL')
  if (qemu.exitCode === null && qemu.signalCode === null) await once(qemu, 'exit')
  check(!existsSync(file) || isWhole(), 'a guest looks whole and is not', receiving)
}

async function repeat(count: string, what: string, work: () => Promise<unknown>): Promise<void> {
  for (let run = 0; run < Number(count); run++) await work()
  console.log(`${count} ${what}`)
}

console.log(`seed ${seed}`)
try {
  await repeat(values.runs, 'guests stored whole', receiveWhole)
  const stream = await receiveWhole()
  clear()
  await repeat(values.cuts, 'cut guests refused', () => cut(stream))
  await repeat(values.changes, 'changed guests refused', () => change(stream))
  await repeat(values.kills, 'kills left nothing that looks whole', kill)
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
