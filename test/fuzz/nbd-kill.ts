/**
 * Kills the NBD server during writes and looks at what is left of them.
 *
 *     npm run soak:nbd-kill -- [--runs 100] [--seed N]
 *
 * Several connections write blocks that bear their number and version, some with FUA and some
 * followed by a flush. After each kill -9 every block has to be whole, and at least as new as the
 * last version that was acknowledged as durable. Because the kernel outlives the server, a second
 * part looks closer: strace sees whether fdatasync(2) had returned after the write and before the
 * reply, for every FUA and every flush.
 */
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { NBD_CMD, NBD_CMD_FLAG } from '../../src/nbd/protocol/constants.ts'
import { findProgram } from '../../src/system/consumers/consumer.ts'
import { RawTransmission, STYLES } from '../nbd/server/raw-transmission.ts'
import { startServing } from './nbd-process.ts'
import { findHasty, readTrace } from './nbd-trace.ts'
import { Random } from './random.ts'

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '100' }, seed: { type: 'string' } },
})
const runs = Number(values.runs)
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed)
const random = new Random(seed)

const BLOCK = 16_384
const BLOCKS = 1024
const CONNECTIONS = 4
const { WRITE, FLUSH } = NBD_CMD

const scratch = mkdtempSync(join(tmpdir(), 'cryptopolicy-nbd-kill-'))
const image = join(scratch, 'image')
const socket = join(scratch, 'nbd.sock')
writeFileSync(image, Buffer.alloc(BLOCK * BLOCKS))

/** Of each block: the version that was written last, and that which is on disk for certain. */
const issued = new Uint32Array(BLOCKS)
const durable = new Uint32Array(BLOCKS)
const counts = { writes: 0, durable: 0, flushes: 0 }

/** What a block of a version holds; of version 0, before the first write, it holds zeros. */
function contentOf(block: number, version: number): Buffer {
  const bytes = Buffer.alloc(BLOCK)
  if (version === 0) return bytes
  for (let at = 0; at < BLOCK; at += 8) {
    bytes.writeUInt32LE(block, at)
    bytes.writeUInt32LE(version, at + 4)
  }
  return bytes
}

/** Writes blocks that are its own until the connection breaks. */
async function writeUntilKilled(own: number): Promise<void> {
  const transmission = await RawTransmission.open(socket, random.pick(STYLES))
  for (;;) {
    const batch = Array.from({ length: 1 + random.below(8) }, (_, index) => {
      const block = (random.below(BLOCKS / CONNECTIONS / 8) * 8 + index) * CONNECTIONS + own
      const version = (issued[block] ?? 0) + 1
      issued[block] = version
      const flags = random.below(3) === 0 ? NBD_CMD_FLAG.FUA : 0
      const payload = contentOf(block, version)
      const cookie = transmission.send({ command: WRITE, flags, offset: block * BLOCK, payload })
      return { block, version, flags, cookie }
    })
    const written = new Map(batch.map((write) => [write.cookie, write]))
    for (let count = 0; count < batch.length; count++) {
      const { cookie, error } = await transmission.readReply()
      const write = written.get(cookie)
      if (error !== 0 || !write) throw new Error(`a write failed with ${error}`)
      counts.writes++
      if (write.flags === 0) continue
      durable[write.block] = write.version
      counts.durable++
    }
    if (random.below(2) === 0) continue
    if ((await transmission.error({ command: FLUSH })) !== 0) throw new Error('a flush failed')
    counts.flushes++
    for (const { block, version } of batch) durable[block] = version
  }
}

/** Every block is whole and new enough; what is found is what counts from now on. */
function judge(run: number): void {
  const bytes = readFileSync(image)
  for (let block = 0; block < BLOCKS; block++) {
    const found = bytes.subarray(block * BLOCK, (block + 1) * BLOCK)
    const version = found.readUInt32LE(4)
    const isWhole = found.equals(contentOf(block, version))
    const isNew = version >= (durable[block] ?? 0) && version <= (issued[block] ?? 0)
    // A write that the kill has cut may have left part of a block: only if it was never durable.
    if (isWhole && !isNew) throw new Error(`run ${run}: block ${block} is lost`)
    if (!isWhole && !isMixOfAllowed(found, block))
      throw new Error(`run ${run}: block ${block} is torn`)
    issued[block] = Math.max(issued[block] ?? 0, version)
  }
}

/** A write of several pages that was cut: each page is of a version that is allowed. */
function isMixOfAllowed(found: Buffer, block: number): boolean {
  for (let at = 0; at < BLOCK; at += 4096) {
    const page = found.subarray(at, at + 4096)
    const version = page.readUInt32LE(4)
    const isAllowed = version >= (durable[block] ?? 0) && version <= (issued[block] ?? 0)
    if (!isAllowed || !page.equals(contentOf(block, version).subarray(0, 4096))) return false
  }
  return true
}

async function killRun(run: number): Promise<void> {
  const serving = await startServing([image, '-k', socket, '-e', '0', '-t', '--quiet'])
  const writers = Array.from({ length: CONNECTIONS }, (_, own) =>
    writeUntilKilled(own).catch((error: Error) => {
      if (error.name !== 'ConnectionEnded') throw error
    }),
  )
  await sleep(20 + random.below(200))
  await serving.end('SIGKILL')
  await Promise.all(writers)
  judge(run)
}

/** Writes with FUA and flushes of two connections at a time, all seen by strace. */
async function traceRun(requests: number): Promise<void> {
  const log = join(scratch, 'trace')
  const calls = 'trace=pwrite64,fdatasync,write,writev,sendmsg'
  const strace = ['strace', '-f', '-o', log, '-xx', '-s', '300', '-e', calls]
  const serving = await startServing([image, '-k', socket, '-e', '0', '-t', '--quiet'], strace)
  const promised = new Map<number, readonly number[]>()
  const connections = await Promise.all([0, 1].map(() => RawTransmission.open(socket, 'simple')))
  // Offsets and cookies are never used twice, so that the trace tells which write is which.
  let block = 0
  await Promise.all(
    connections.map(async (transmission, index) => {
      transmission.skipCookies(index * 1_000_000)
      for (let count = 0; count < requests; count++) {
        const offsets = Array.from({ length: 1 + random.below(4) }, () => block++ * 4096)
        const isFlushed = random.below(2) === 0
        const flags = isFlushed ? 0 : NBD_CMD_FLAG.FUA
        for (const offset of offsets) {
          const payload = Buffer.alloc(4096, 1 + random.below(255))
          const cookie = transmission.send({ command: WRITE, flags, offset, payload })
          if (!isFlushed) promised.set(cookie, [offset])
        }
        await transmission.readReplies(offsets.length)
        if (!isFlushed) continue
        promised.set(transmission.send({ command: FLUSH }), offsets)
        await transmission.readReply()
      }
    }),
  )
  const traced = tracedBy(serving.child.pid ?? 0)
  const descriptor = descriptorOf(traced)
  for (const { client } of connections) client.stream.destroy()
  // strace itself blocks all signals, and ends with what it traces.
  process.kill(traced, 'SIGTERM')
  await serving.gone
  const trace = readTrace(readFileSync(log, 'latin1'), descriptor)
  const hasty = findHasty(trace, promised)
  if (hasty.length > 0) throw new Error(`not on disk before the reply: ${hasty.slice(0, 10)}`)
  console.log(
    `strace: ${promised.size} durable replies, ${trace.syncs.length} fdatasync, each reply after its own`,
  )
}

/** The number of the process that strace runs. */
function tracedBy(strace: number): number {
  return Number(readFileSync(`/proc/${strace}/task/${strace}/children`, 'utf8').trim())
}

/** The number of the image's descriptor in a process. */
function descriptorOf(pid: number): number {
  const folder = `/proc/${pid}/fd`
  return Number(readdirSync(folder).find((name) => readlinkSync(join(folder, name)) === image))
}

console.log(`seed ${seed}, ${runs} runs`)
try {
  for (let run = 1; run <= runs; run++) {
    await killRun(run)
    if (run % 20 === 0) console.log(`${run} kills: ${describe()}`)
  }
  console.log(`${runs} kills, 0 durable writes lost: ${describe()}`)
  if (findProgram('strace') === undefined) console.log('no strace: replies were not traced')
  else await traceRun(300)
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

function describe(): string {
  const { writes, durable: sure, flushes } = counts
  return `${writes} writes, ${sure} of them with FUA, ${flushes} flushes`
}
