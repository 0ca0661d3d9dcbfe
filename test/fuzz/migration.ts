/**
 * Hostile bytes for the decoders of live migration: whatever a channel holds, its decoder gives events and
 * ends, or refuses it with a code, soon, and without much memory.
 *
 * `npm run fuzz:migration -- --runs 1000000 --seed 1`
 */
import { parseArgs } from 'node:util'
import { DiagnosticError } from '../../src/diagnostics/diagnostic.ts'
import { ChannelInspection } from '../../src/migration/inspect/channel-inspection.ts'
import { MainInspection } from '../../src/migration/inspect/main-inspection.ts'
import { applyXbzrle } from '../../src/migration/stream/xbzrle.ts'
import { EXPECTED, readRecorded } from '../migration/recorded-streams.ts'
import { Random } from './random.ts'

/** Bytes: more than the inspection of the largest of these streams needs, by far. */
const MEMORY_LIMIT = 1024 * 1024 * 1024

/** Milliseconds of processor time for one channel. */
const TIME_LIMIT = 20_000

/** Bytes of the channels that are tried: larger ones have more of the same. */
const LARGEST = 200_000

const { values } = parseArgs({
  options: { runs: { type: 'string' }, seed: { type: 'string' } },
})
const runs = Number(values.runs ?? 20_000)
const seed = Number(values.seed ?? Date.now() % 1_000_000)
const random = new Random(seed)
console.log(`seed ${seed}, ${runs} channels`)

const CHANNELS = Object.keys(EXPECTED)
  .filter((name) => EXPECTED[name].bytes <= LARGEST)
  .map(readRecorded)

const INTERESTING = [0, 1, 0x7e, 0x7f, 0x80, 0xff]

function mutate(channel: Buffer): Buffer {
  let bytes: Buffer = Buffer.from(channel)
  for (let count = 1 + random.below(4); count > 0 && bytes.length > 0; count--) {
    bytes = changeOnce(bytes)
  }
  return bytes
}

function changeOnce(bytes: Buffer): Buffer {
  // Most forms stand in the first bytes and behind the memory; pages are most of the rest.
  const near = random.below(2) === 0 ? Math.min(400, bytes.length) : bytes.length
  const at = random.below(near)
  const length = 1 + random.below(Math.min(64, bytes.length - at))
  const changes: readonly (() => Buffer)[] = [
    () => Buffer.from(bytes.fill(random.below(256), at, at + 1)),
    () => Buffer.from(bytes.fill(random.pick(INTERESTING), at, at + length)),
    () => bytes.subarray(0, at),
    () => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]),
    () =>
      Buffer.concat([bytes.subarray(0, at), bytes.subarray(at, at + length), bytes.subarray(at)]),
    () => Buffer.concat([bytes.subarray(0, at), randomBytes(length), bytes.subarray(at)]),
    () => splice(bytes, at),
  ]
  return random.pick(changes)()
}

/** Goes on with another channel. */
function splice(bytes: Buffer, at: number): Buffer {
  const other = random.pick(CHANNELS)
  return Buffer.concat([bytes.subarray(0, at), other.subarray(random.below(other.length))])
}

function randomBytes(length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.below(256)))
}

/** `complete`, or the code of the error. */
function decode(bytes: Buffer): string {
  const channel = new ChannelInspection()
  const step = random.below(8) === 0 ? 1 + random.below(64) : 1 + random.below(0x1_0000)
  try {
    for (let at = 0; at < bytes.length; at += step) channel.push(bytes.subarray(at, at + step))
    channel.finish()
    const { inspection } = channel
    if (inspection instanceof MainInspection && inspection.end === undefined) {
      throw new Error('a stream without an end was taken')
    }
    return 'complete'
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    return error.diagnostics[0]?.code ?? 'no code'
  }
}

const verdicts = new Map<string, number>()
let largest = 0
for (let run = 0; run < runs; run++) {
  const bytes =
    random.below(20) === 0 ? randomBytes(random.below(300)) : mutate(random.pick(CHANNELS))
  const before = process.cpuUsage()
  const verdict = decode(bytes)
  verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1)
  const spent = process.cpuUsage(before)
  if ((spent.user + spent.system) / 1000 > TIME_LIMIT) throw new Error(`run ${run} took too long`)
  applyXbzrle(randomBytes(random.below(40)), Buffer.alloc(4096))
  if (run % 500 === 0) largest = Math.max(largest, process.memoryUsage().rss)
  if (largest > MEMORY_LIMIT) throw new Error(`run ${run}: ${largest} bytes of memory`)
}
for (const [verdict, count] of [...verdicts].sort()) console.log(`${count} ${verdict}`)
console.log(`at most ${Math.round(largest / 1024 / 1024)} MiB of memory; no crash, no hang`)
