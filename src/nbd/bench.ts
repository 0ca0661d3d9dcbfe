/** Measures an export: sequential and random reads and writes, many on their way at a time. */
import { fail } from '../diagnostics/diagnostic.ts'
import type { NbdClient } from './client/nbd-client.ts'
import { NBD_CLIENT_KINDS } from './client/nbd-client-diagnostics.ts'
import type { NbdUri } from './client/nbd-uri.ts'
import type { NbdClientOptions } from './client/open-connection.ts'
import { ConnectionPool } from './copy/connection-pool.ts'
import { NBD_CMD, NBD_TRANSMISSION_FLAG } from './protocol/constants.ts'

/** Fills what is written: no server takes it for a hole. */
const FILLING = 0xa5

export const BENCH_PATTERNS = ['read', 'write', 'random-read', 'random-write'] as const
export type BenchPattern = (typeof BENCH_PATTERNS)[number]

export type BenchOptions = {
  readonly connections: number
  /** Requests on their way at a time, over all connections. */
  readonly depth: number
  /** How long each pattern is measured. */
  readonly seconds: number
  /** In bytes, of sequential requests. */
  readonly requestSize: number
  /** In bytes, of random requests. */
  readonly blockSize: number
}

export type BenchReport = {
  /** How many there were: at most those asked for. */
  readonly connections: number
  readonly results: readonly BenchResult[]
}

export type BenchResult = {
  readonly pattern: BenchPattern
  readonly requests: number
  readonly bytes: number
  readonly seconds: number
  /** A second. */
  readonly bytesPerSecond: number
  /** Requests a second. */
  readonly iops: number
  /** Milliseconds from request to answer. */
  readonly latency: {
    readonly p50: number
    readonly p90: number
    readonly p99: number
    readonly p999: number
    readonly max: number
  }
}

/** @throws DiagnosticError NBD_OUT_OF_RANGE where the export is smaller than one request. */
export async function benchExport(
  uri: NbdUri,
  patterns: readonly BenchPattern[],
  options: BenchOptions,
  clientOptions: NbdClientOptions,
  onResult: (result: BenchResult) => void,
): Promise<BenchReport> {
  const pool = await ConnectionPool.open(uri, clientOptions)
  try {
    // Figures of a growing number of connections would say nothing.
    await pool.grow(options.connections)
    const results: BenchResult[] = []
    for (const pattern of patterns) {
      const result = await measure(pool, pattern, options)
      onResult(result)
      results.push(result)
    }
    return { connections: pool.size, results }
  } finally {
    await pool.close()
  }
}

async function measure(
  pool: ConnectionPool,
  pattern: BenchPattern,
  options: BenchOptions,
): Promise<BenchResult> {
  const isRandom = pattern.startsWith('random')
  const length = isRandom ? options.blockSize : options.requestSize
  requireRoom(pool.first, length, pattern)
  const nextOffset = offsets(pool.first.info.size, length, isRandom)
  const latencies: number[] = []
  const begin = performance.now()
  const deadline = begin + options.seconds * 1000
  const worker = async (): Promise<void> => {
    const buffer = Buffer.alloc(length, FILLING)
    while (performance.now() < deadline) {
      const sent = performance.now()
      await request(pool.next(), pattern, nextOffset(), buffer)
      latencies.push(performance.now() - sent)
    }
  }
  await Promise.all(Array.from({ length: options.depth }, worker))
  return summarize(pattern, length, latencies, (performance.now() - begin) / 1000)
}

function requireRoom({ info, server }: NbdClient, length: number, pattern: BenchPattern): void {
  const { size, blockSizes } = info
  const { minimum } = blockSizes
  if (size < length || length % minimum !== 0) {
    fail(NBD_CLIENT_KINDS.outOfRange, { offset: 0, length, size, minimum })
  }
  if (pattern.endsWith('write') && (info.flags & NBD_TRANSMISSION_FLAG.READ_ONLY) !== 0) {
    fail(NBD_CLIENT_KINDS.cannotDo, { server, command: NBD_CMD.WRITE })
  }
}

async function request(
  client: NbdClient,
  pattern: BenchPattern,
  offset: number,
  buffer: Buffer,
): Promise<void> {
  if (pattern.endsWith('read')) await client.read(offset, buffer.length, buffer)
  else await client.write(offset, buffer)
}

function offsets(size: number, length: number, isRandom: boolean): () => number {
  const blocks = Math.floor(size / length)
  let next = 0
  return () => (isRandom ? Math.floor(Math.random() * blocks) : next++ % blocks) * length
}

function summarize(
  pattern: BenchPattern,
  length: number,
  latencies: readonly number[],
  seconds: number,
): BenchResult {
  const sorted = Float64Array.from(latencies).sort()
  const at = (part: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
  const requests = sorted.length
  const bytes = requests * length
  return {
    pattern,
    requests,
    bytes,
    seconds,
    bytesPerSecond: bytes / seconds,
    iops: requests / seconds,
    latency: { p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max: at(1) },
  }
}
