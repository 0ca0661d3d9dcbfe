/** `cryptopolicy nbd bench`: how fast an export is. */
import { type Command, Option } from 'commander'
import type { BenchResult } from '../../nbd/bench.ts'
import { formatSize } from '../byte-size.ts'
import { terminalFor, withOutput } from '../command.ts'
import { clientOptions, type NbdOptions, withNbdOptions } from '../nbd-options.ts'
import { parseCount, parseSize } from '../option-values.ts'

type Options = NbdOptions & {
  readonly write?: true
  readonly connections: number
  readonly depth: number
  readonly seconds: number
  readonly requestSize: number
  readonly blockSize: number
}

export function addNbdBench(group: Command): void {
  const command = group
    .command('bench')
    .summary('how fast an export is')
    .description('Measure sequential and random reads, and writes where they are asked for.')
    .argument('<URI>', 'such as nbds://host/export')
    .option('--write', 'measure writes too: WHAT IS ON THE EXPORT IS LOST')
    .option('-C, --connections <NUMBER>', 'at most', parseCount, 4)
    .option('--depth <NUMBER>', 'requests on their way at a time', parseCount, 32)
    .option('--seconds <NUMBER>', 'for each measurement', parseCount, 3)
    .addOption(sizeOption('--request-size <SIZE>', 'of sequential requests', '256K'))
    .addOption(sizeOption('--block-size <SIZE>', 'of random requests', '4K'))
  withOutput(withNbdOptions(command)).action(bench)
}

function sizeOption(flags: string, what: string, value: string): Option {
  return new Option(flags, what).argParser(parseSize).default(parseSize(value), value)
}

async function bench(text: string, options: Options): Promise<void> {
  const { parseNbdUri } = await import('../../nbd/client/nbd-uri.ts')
  const { BENCH_PATTERNS, benchExport } = await import('../../nbd/bench.ts')
  const terminal = terminalFor(options)
  const uri = parseNbdUri(text)
  const settings = await clientOptions(uri, options, terminal)
  const patterns = BENCH_PATTERNS.filter((name) => options.write || !name.endsWith('write'))
  const show = (result: BenchResult): void => {
    if (!options.json) terminal.print(describe(result))
  }
  const { connections, results } = await benchExport(uri, patterns, options, settings, show)
  const { depth } = options
  if (options.json) terminal.setResult({ uri: uri.text, connections, depth, results })
  else if (connections < options.connections) terminal.note(describeConnections(connections))
}

function describeConnections(count: number): string {
  return count === 1 ? 'measured over 1 connection' : `measured over ${count} connections`
}

function describe({ pattern, bytesPerSecond, iops, latency }: BenchResult): string {
  const times = [latency.p50, latency.p99, latency.max].map((time) => `${time.toFixed(2)} ms`)
  const rate = `${formatSize(Math.round(bytesPerSecond))}/s`.padStart(12)
  const count = `${Math.round(iops)} IOPS`.padStart(12)
  return `${pattern.padEnd(13)}${rate}${count}  half within ${times[0]}, 99% ${times[1]}, all ${times[2]}`
}
