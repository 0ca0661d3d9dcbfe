/**
 * Hostile bytes for the NBD client: whatever a server sends, in the negotiation or behind it, the
 * client ends with an error in words, soon, and without much memory.
 *
 * `npm run fuzz:nbd-client -- --runs 100000 --seed 1`
 */
import { Duplex } from 'node:stream'
import { parseArgs } from 'node:util'
import { DiagnosticError } from '../../src/diagnostics/diagnostic.ts'
import {
  beginNegotiation,
  chooseContext,
  chooseHeaders,
  enterExport,
  type HeaderStyle,
  listExports,
} from '../../src/nbd/client/client-negotiation.ts'
import { ClientTransmission } from '../../src/nbd/client/client-transmission.ts'
import { NegotiationChannel } from '../../src/nbd/client/negotiation-channel.ts'
import {
  encodeBlockStatus,
  encodeErrorChunk,
  encodeExtendedBlockStatus,
  encodeHole,
} from '../../src/nbd/protocol/chunks.ts'
import { NBD_CMD, NBD_OPT, NBD_REP, NBD_REPLY_TYPE } from '../../src/nbd/protocol/constants.ts'
import { encodeGreeting } from '../../src/nbd/protocol/greeting.ts'
import { encodeOptionReply } from '../../src/nbd/protocol/option-header.ts'
import {
  encodeInformation,
  encodeListedExport,
  encodeMetaContext,
} from '../../src/nbd/protocol/option-replies.ts'
import {
  writeExtendedReply,
  writeSimpleReply,
  writeStructuredReply,
} from '../../src/nbd/protocol/replies.ts'
import { createRequest, readExtendedRequest, readRequest } from '../../src/nbd/protocol/requests.ts'
import { ProtocolError } from '../../src/wire/protocol-error.ts'
import { Random } from './random.ts'

/** Milliseconds. */
const PATIENCE = 3

const MEMORY_LIMIT = 512 * 1024 * 1024

/** The server's side of a connection: gives what it has, in parts of any size, and then ends. */
class Wire extends Duplex {
  readonly #random: Random
  readonly #answer: (sent: Buffer) => Buffer | undefined
  /** A client that waits for the rest of a message that was cut off is told that there is none. */
  readonly #patience: NodeJS.Timeout

  constructor(random: Random, greeting: Buffer, answer: (sent: Buffer) => Buffer | undefined) {
    super()
    this.#random = random
    this.#answer = answer
    this.#patience = setTimeout(() => this.push(null), PATIENCE)
    this.give(greeting)
  }

  give(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) {
      const end = Math.min(bytes.length, at + 1 + this.#random.below(64))
      this.push(bytes.subarray(at, end))
      at = end
    }
  }

  override _read(): void {}

  override _destroy(_: Error | null, done: () => void): void {
    clearTimeout(this.#patience)
    done()
  }

  override _write(sent: Buffer, _: BufferEncoding, done: () => void): void {
    this.#patience.refresh()
    const bytes = this.#answer(sent)
    if (bytes) this.give(bytes)
    else this.push(null)
    done()
  }
}

/** Changes a few bytes, cuts, repeats; most of the time it leaves them be. */
function mutate(random: Random, bytes: Buffer): Buffer {
  if (random.below(6) > 0) return bytes
  const mutant = Buffer.from(bytes)
  for (let left = random.below(4); left > 0; left--) {
    if (mutant.length > 0) mutant[random.below(mutant.length)] = random.below(256)
  }
  if (random.below(8) === 0) return mutant.subarray(0, random.below(mutant.length + 1))
  return random.below(16) === 0 ? Buffer.concat([mutant, mutant]) : mutant
}

function optionAnswer(random: Random, sent: Buffer): Buffer | undefined {
  if (sent.length < 16) return Buffer.alloc(0)
  if (random.below(50) === 0) return undefined
  const option = sent.readUInt32BE(8)
  const data = [
    encodeInformation({ type: 0, size: 1 << 20, flags: random.below(0x2000) }),
    encodeInformation({ type: 3, sizes: { minimum: 1, preferred: 4096, maximum: 1 << 25 } }),
    encodeMetaContext({ id: random.below(9), name: 'base:allocation' }),
    encodeListedExport({ name: 'disk', description: 'text' }),
  ]
  const types = [NBD_REP.INFO, NBD_REP.INFO, NBD_REP.META_CONTEXT, NBD_REP.SERVER]
  const fitting = { [NBD_OPT.GO]: 0, [NBD_OPT.SET_META_CONTEXT]: 2, [NBD_OPT.LIST]: 3 }[option]
  const which = fitting ?? random.below(4)
  const last = random.below(4) === 0 ? 0x8000_0001 + random.below(10) : NBD_REP.ACK
  const first = encodeOptionReply(option, types[which] ?? 1, data[which])
  const end = encodeOptionReply(option, last)
  return mutate(random, fitting === undefined ? end : Buffer.concat([first, end]))
}

async function fuzzNegotiation(random: Random): Promise<void> {
  const wire = new Wire(random, mutate(random, encodeGreeting(3)), (sent) =>
    optionAnswer(random, sent),
  )
  const channel = new NegotiationChannel(wire, 'the server', { timeout: 5000 })
  try {
    const open = await beginNegotiation(channel, { tls: { mode: 'off' }, warn: () => {} })
    const headers = await chooseHeaders(open)
    if (random.below(4) === 0) await listExports(open)
    await chooseContext(open, 'disk')
    await enterExport(open, headers, 'disk')
  } finally {
    channel.destroy()
  }
}

function replyTo(random: Random, style: HeaderStyle, sent: Buffer): Buffer | undefined {
  const isExtended = style === 'extended'
  if (sent.length !== (isExtended ? 32 : 28)) return Buffer.alloc(0)
  if (random.below(50) === 0) return undefined
  const request = createRequest()
  ;(isExtended ? readExtendedRequest : readRequest)(sent, 0, request)
  const { offset, length } = request
  if (style === 'simple' || random.below(40) === 0) {
    const header = Buffer.alloc(16)
    writeSimpleReply(header, 0, { ...request, error: random.below(4) === 0 ? 5 : 0 })
    const data = request.command === NBD_CMD.READ ? Buffer.alloc(length) : Buffer.alloc(0)
    return mutate(random, Buffer.concat([header, data]))
  }
  const place = Buffer.alloc(8 + length)
  place.writeBigUInt64BE(BigInt(offset))
  const extents = [{ length: 512, status: 0 }]
  const chunks: readonly (readonly [number, Buffer])[] = [
    [NBD_REPLY_TYPE.NONE, Buffer.alloc(0)],
    [NBD_REPLY_TYPE.OFFSET_DATA, place],
    [NBD_REPLY_TYPE.OFFSET_HOLE, encodeHole({ offset, length: Math.max(1, length) })],
    [NBD_REPLY_TYPE.BLOCK_STATUS, encodeBlockStatus({ contextId: 7, extents })],
    [NBD_REPLY_TYPE.BLOCK_STATUS_EXT, encodeExtendedBlockStatus({ contextId: 7, extents })],
    [NBD_REPLY_TYPE.ERROR, encodeErrorChunk({ error: 5, message: 'no' })],
    [NBD_REPLY_TYPE.ERROR_OFFSET, encodeErrorChunk({ error: 5, message: 'no', offset })],
  ]
  const fitting = { [NBD_CMD.READ]: 1, [NBD_CMD.BLOCK_STATUS]: isExtended ? 4 : 3 }[request.command]
  const which = random.below(8) > 0 ? (fitting ?? 0) : random.below(chunks.length)
  const [type, payload] = chunks[which] ?? [0, Buffer.alloc(0)]
  const header = Buffer.alloc(isExtended ? 32 : 20)
  const chunk = { ...request, flags: random.below(16) > 0 ? 1 : 0, type, length: payload.length }
  ;(isExtended ? writeExtendedReply : writeStructuredReply)(header, 0, chunk)
  return mutate(random, Buffer.concat([header, payload]))
}

const STYLES: readonly HeaderStyle[] = ['simple', 'structured', 'extended']

async function fuzzTransmission(random: Random): Promise<void> {
  const style = STYLES[random.below(3)] ?? 'simple'
  const wire = new Wire(random, Buffer.alloc(0), (sent) => replyTo(random, style, sent))
  const settings = { server: 'the server', style, contextId: 7, timeout: 1000, maximumInFlight: 8 }
  const transmission = new ClientTransmission(wire, settings)
  const commands = [NBD_CMD.READ, NBD_CMD.READ, NBD_CMD.BLOCK_STATUS, NBD_CMD.FLUSH]
  const requests = Array.from({ length: 12 }, (_, index) => {
    const command = commands[random.below(commands.length)] ?? NBD_CMD.READ
    const length = command === NBD_CMD.FLUSH ? 0 : 512
    const target = command === NBD_CMD.READ ? { target: Buffer.alloc(length) } : {}
    return transmission.send({ command, offset: index * 512, length, ...target })
  })
  const outcomes = await Promise.allSettled(requests)
  transmission.destroy()
  const failed = outcomes.find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { runs: { type: 'string', default: '20000' }, seed: { type: 'string' } },
  })
  const seed = Number(values.seed ?? Date.now() % 1_000_000)
  console.log(`seed ${seed}`)
  const random = new Random(seed)
  let refused = 0
  let most = 0
  for (let run = 0; run < Number(values.runs); run++) {
    const fuzz = run % 2 === 0 ? fuzzNegotiation : fuzzTransmission
    try {
      await fuzz(random)
    } catch (error) {
      if (!(error instanceof DiagnosticError) && !(error instanceof ProtocolError)) throw error
      refused++
    }
    if (run % 1000 === 0) most = Math.max(most, process.memoryUsage().rss)
  }
  console.log(
    `${values.runs} runs, ${refused} refused, ${Math.round(most / 1024 / 1024)} MiB at most`,
  )
  if (most > MEMORY_LIMIT) throw new Error('it took too much memory')
}

await main()
