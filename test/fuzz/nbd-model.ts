/**
 * Random work on an export over TLS, several connections at a time, against a model in memory; then
 * a large image in and out by the programs of others.
 *
 *     npm run soak:nbd -- [--operations 100000] [--image 1024] [--seed N]
 *
 * Our client reads, writes, zeroes, trims and flushes ranges of its own choice; no two operations
 * under way touch the same range, so that the model knows what each has to find. What was trimmed
 * may read as it was or as zeroes. nbdsh does a part of it in its own way. `--image` is in MiB.
 */
import { execFileSync } from 'node:child_process'
import { createHash, randomFillSync } from 'node:crypto'
import {
  closeSync,
  createReadStream,
  ftruncateSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { NbdClient } from '../../src/nbd/client/nbd-client.ts'
import { findProgram } from '../../src/system/consumers/consumer.ts'
import { TlsObjects } from '../../src/tls/objects/tls-objects.ts'
import { makeCredentials, startServing } from './nbd-process.ts'
import { Random } from './random.ts'

const { values } = parseArgs({
  options: {
    operations: { type: 'string', default: '20000' },
    image: { type: 'string', default: '256' },
    seed: { type: 'string' },
  },
})
const operations = Number(values.operations)
const imageSize = Number(values.image) << 20
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed)
const random = new Random(seed)

const SIZE = 64 << 20
const CONNECTIONS = 4
const IN_FLIGHT = 16

const scratch = mkdtempSync(join(tmpdir(), 'cryptopolicy-nbd-model-'))
const socket = join(scratch, 'nbd.sock')
const tls = makeCredentials(scratch)
const model = Buffer.alloc(SIZE)
const busy = new Set<{ readonly offset: number; readonly length: number }>()
const counts = new Map<string, number>()

function makeFile(name: string, size: number, fill: (fd: number) => void = () => {}): string {
  const path = join(scratch, name)
  const fd = openSync(path, 'w')
  ftruncateSync(fd, size)
  fill(fd)
  closeSync(fd)
  return path
}

/** A range on which no operation works. */
function takeRange(): { readonly offset: number; readonly length: number } {
  for (;;) {
    const offset = random.below(SIZE - 1)
    const limit = random.pick([1, 512, 4096, 4096, 65_536, 65_536, 1 << 20, 4 << 20])
    const length = Math.min(SIZE - offset, 1 + random.below(limit))
    const overlaps = [...busy].some(
      (other) => offset < other.offset + other.length && other.offset < offset + length,
    )
    if (overlaps) continue
    const range = { offset, length }
    busy.add(range)
    return range
  }
}

async function work(client: NbdClient): Promise<void> {
  const range = takeRange()
  const { offset, length } = range
  const kind = random.pick(['read', 'read', 'read', 'write', 'write', 'zero', 'trim', 'flush'])
  const expected = model.subarray(offset, offset + length)
  const durable = random.below(4) === 0
  if (kind === 'write') {
    randomFillSync(expected)
    await client.write(offset, Buffer.from(expected), { durable })
  } else if (kind === 'zero') {
    expected.fill(0)
    await client.zero(offset, length, { durable, keep: random.below(2) === 0 })
  } else if (kind === 'trim') {
    await client.trim(offset, length, { durable })
    const found = await client.read(offset, length)
    expectTrimmed(found, expected, offset)
    found.copy(expected)
  } else if (kind === 'flush') await client.flush()
  else if (!(await client.read(offset, length)).equals(expected)) {
    throw new Error(`a read of ${length} bytes at ${offset} differs`)
  }
  counts.set(kind, (counts.get(kind) ?? 0) + 1)
  busy.delete(range)
}

function expectTrimmed(found: Buffer, before: Buffer, offset: number): void {
  for (let at = 0; at < found.length; at++) {
    if (found[at] !== 0 && found[at] !== before[at]) {
      throw new Error(`a trim has changed the byte at ${offset + at}`)
    }
  }
}

async function runModel(): Promise<void> {
  const image = makeFile('image', SIZE)
  const serving = await startServing([...tls, image, '-k', socket, '-e', '0', '-t', '--quiet'])
  const properties = { endpoint: 'client', dir: scratch }
  const objects = TlsObjects.create([{ type: 'tls-creds-x509', id: 'tls0', properties }])
  const credentials = objects.credentials('tls0', 'client')
  const mode = { mode: 'required', credentials, hostname: 'localhost' } as const
  const clients = await Promise.all(
    Array.from({ length: CONNECTIONS }, () =>
      NbdClient.connect({ kind: 'unix', path: socket }, '', { tls: mode }),
    ),
  )
  let left = operations
  const worker = async (client: NbdClient) => {
    while (left-- > 0) await work(client)
  }
  await Promise.all(
    clients.flatMap((client) => Array.from({ length: IN_FLIGHT }, () => worker(client))),
  )
  if (!(await clients[0]!.read(0, SIZE)).equals(model)) throw new Error('the image differs')
  await Promise.all(clients.map((client) => client.disconnect()))
  const said = [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ')
  console.log(`${operations} operations by ${CONNECTIONS} connections, 0 differences: ${said}`)
  if (findProgram('nbdsh')) runNbdsh(Math.ceil(operations / 10))
  await serving.end('SIGTERM')
}

/** The same in Python, by libnbd, 16 requests in flight. */
function runNbdsh(count: number): void {
  const script = `
import random
r = random.Random(${seed})
size = h.get_size()
model = bytearray(size)
for o in range(0, size, 1 << 22): model[o:o + (1 << 22)] = h.pread(1 << 22, o)
slot = size // 16
for i in range(${count} // 16):
    reads, cookies = [], []
    for k in range(16):
        n = r.choice([512, 4096, 65536, 300000]); o = k * slot + r.randrange(slot - n)
        if r.random() < 0.5:
            b = nbd.Buffer(n); reads.append((b, o, n)); cookies.append(h.aio_pread(b, o))
        else:
            d = r.randbytes(n); cookies.append(h.aio_pwrite(nbd.Buffer.from_bytearray(bytearray(d)), o)); model[o:o + n] = d
    for c in cookies:
        while not h.aio_command_completed(c): h.poll(-1)
    for b, o, n in reads: assert b.to_bytearray() == model[o:o + n], (o, n)
for o in range(0, size, 1 << 22): assert h.pread(1 << 22, o) == model[o:o + (1 << 22)]
print("same")
`
  const open = `h.set_uri_allow_local_file(True); h.connect_uri("${uriOf('')}")`
  const output = execFileSync('nbdsh', ['-c', open, '-c', script], { env: systemPath() })
  if (!output.toString().includes('same')) throw new Error('nbdsh did not come to its end')
  console.log(`${count} operations by nbdsh, 16 in flight, 0 differences`)
}

function uriOf(name: string): string {
  return `nbds+unix:///${name}?socket=${socket}&tls-certificates=${scratch}&tls-hostname=localhost`
}

/** Python's binding of libnbd belongs to the Python of the system. */
function systemPath(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `/usr/bin:${process.env.PATH}` }
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const part of createReadStream(path)) hash.update(part)
  return hash.digest('hex')
}

/** A third of it data, the rest holes. */
function fillSparsely(fd: number): void {
  const piece = Buffer.alloc(1 << 20)
  for (let at = 0; at < imageSize; at += piece.length) {
    if (random.below(3) === 0) writeSync(fd, randomFillSync(piece), 0, piece.length, at)
  }
}

async function runImage(): Promise<void> {
  const source = makeFile('source', imageSize, fillSparsely)
  const target = makeFile('target', imageSize)
  const digest = await digestOf(source)
  const serving = await startServing([
    ...[...tls, '--export', `source=${source}`, '--export', `target=${target}`],
    ...['-k', socket, '-e', '0', '-t', '--quiet'],
  ])
  const object = ['--object', `tls-creds-x509,id=tls0,endpoint=client,dir=${scratch}`]
  const place = (name: string) =>
    `driver=nbd,path=${socket},export=${name},tls-creds=tls0,tls-hostname=localhost`
  const copy = join(scratch, 'copy')
  const raw = ['-O', 'raw', '-m', '4', '-W']
  const ways: readonly (readonly [string, string, readonly string[], string])[] = [
    [
      'qemu-img',
      'out',
      ['convert', ...object, '--image-opts', place('source'), ...raw, copy],
      copy,
    ],
    [
      'qemu-img',
      'in',
      [
        'convert',
        ...object,
        '-n',
        '-f',
        'raw',
        ...raw.slice(2),
        '--target-image-opts',
        source,
        place('target'),
      ],
      target,
    ],
    ['nbdcopy', 'out', [uriOf('source'), copy], copy],
    ['nbdcopy', 'in', [source, uriOf('target')], target],
  ]
  for (const [program, way, args, result] of ways) {
    if (!findProgram(program)) continue
    makeFile(result === copy ? 'copy' : 'target', result === copy ? 0 : imageSize)
    execFileSync(program, args)
    if ((await digestOf(result)) !== digest) throw new Error(`${program} ${way}: the image differs`)
    console.log(`${program} ${way}: ${imageSize >> 20} MiB over TLS, identical`)
  }
  await serving.end('SIGTERM')
}

console.log(`seed ${seed}`)
try {
  await runModel()
  await runImage()
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
