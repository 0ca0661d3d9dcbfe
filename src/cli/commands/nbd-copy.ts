/** `cryptopolicy nbd copy`: from an export or a file to another. */
import type { Command } from 'commander'
import { fail } from '../../diagnostics/diagnostic.ts'
import type { TargetWords } from '../../nbd/client/server-command.ts'
import type { CopyResult } from '../../nbd/copy/copy.ts'
import type { EndName, SourceName } from '../../nbd/copy/end-name.ts'
import type { OpenEnds } from '../../nbd/copy/open-ends.ts'
import type { TransferProgress } from '../../transfer/progress.ts'
import { formatSize } from '../byte-size.ts'
import { CLI_KINDS } from '../cli-diagnostics.ts'
import { terminalFor, withOutput } from '../command.ts'
import { endedBySignals } from '../ended-by-signals.ts'
import { clientOptions, type NbdOptions, withNbdOptions } from '../nbd-options.ts'
import { parseCount } from '../option-values.ts'
import { formatDuration, ProgressBar } from '../progress-bar.ts'
import type { Terminal } from '../terminal.ts'

type Options = NbdOptions & {
  readonly connections: number
  readonly verify?: true
  readonly resume: boolean
  readonly state?: string
  readonly destinationIsZero?: true
}

export function addNbdCopy(group: Command): void {
  const command = group
    .command('copy')
    .summary('copy exports and files')
    .description('Copy a disk. What is zero stays a hole, and a copy that was cut off goes on.')
    .usage('[options] SOURCE DESTINATION')
    .argument('<END...>', 'an NBD URI, a file, a block device, -, null: or [ COMMAND ARG... ]')
    .option('-C, --connections <NUMBER>', 'at most, to each export', parseCount, 4)
    .option('--verify', 'read both back and compare them')
    .option('--no-resume', 'begin anew, whatever an earlier run did')
    .option('--state <FILE>', 'where to keep how far the copy came')
    .option('--destination-is-zero', 'do not write zeroes: the destination has them already')
  withOutput(withNbdOptions(command)).action(copy)
}

const EXAMPLE = 'cryptopolicy nbd copy nbds://host/export copy.img'

async function copy(words: readonly string[], options: Options): Promise<void> {
  const { openEnds } = await import('../../nbd/copy/open-ends.ts')
  const terminal = terminalFor(options)
  const { printTarget, readTargets } = await import('../nbd-targets.ts')
  const [from, to] = readTargets(words, ['SOURCE', 'DESTINATION'], EXAMPLE)
  const [first, second] = await parseEnds(from, to, options, terminal)
  if (first.kind === 'null') misuse('null: cannot be copied from', 'name an export or a file')
  refuseUselessTls([first, second], options)
  refuseConflicts(first, second, options)
  const ends = await openEnds(first, second, {
    connections: options.connections,
    resume: options.resume,
    isZero: options.destinationIsZero ?? false,
    warn: terminal.report,
    ...(options.state === undefined ? {} : { statePath: options.state }),
  })
  const begin = performance.now()
  const result = await run(ends, options, terminal)
  const seconds = (performance.now() - begin) / 1000
  const names = { source: printTarget(from), destination: printTarget(to) }
  if (options.json) terminal.setResult({ ...names, ...result, seconds })
  else terminal.note(describe(result, seconds))
}

/** What goes through a pipe cannot be read again, and the result of a run has its own place. */
function refuseConflicts(first: SourceName, second: EndName, options: Options): void {
  const conflict = (option: string, end: string) =>
    fail(CLI_KINDS.conflictingOptions, { first: option, second: end })
  if (options.verify && second.kind === 'null') conflict('--verify', 'null:')
  if (options.json && second.kind === 'standard') conflict('--json', '- as DESTINATION')
  if (first.kind !== 'standard' && second.kind !== 'standard') return
  if (options.verify) conflict('--verify', '-')
  if (options.state !== undefined) conflict('--state', '-')
}

/** Where no end is a server, options of TLS would protect nothing. */
function refuseUselessTls(ends: readonly EndName[], options: Options): void {
  if (ends.some(({ kind }) => kind === 'nbd' || kind === 'command')) return
  const useless = {
    '--tls': options.tls,
    '--tls-creds': options.tlsCreds,
    '--tls-hostname': options.tlsHostname,
  }
  for (const [first, value] of Object.entries(useless)) {
    if (value === undefined) continue
    const second = 'two ends that are no NBD servers'
    fail(CLI_KINDS.conflictingOptions, { first, second, hint: `for instance: ${EXAMPLE}` })
  }
}

function misuse(what: string, hint: string): never {
  fail(CLI_KINDS.missingOption, { what, hint })
}

/**
 * Credentials count for nbd URIs too, as QEMU has it; but beside an nbds URI they are meant for that
 * one.
 */
async function parseEnds(
  from: TargetWords,
  to: TargetWords,
  options: Options,
  terminal: Terminal,
): Promise<readonly [EndName, EndName]> {
  const { parseEnd } = await import('../../nbd/copy/end-name.ts')
  const { looksLikeUri } = await import('../../nbd/client/nbd-uri.ts')
  // A file may have such a name too.
  const isSecureUri = (text: string) => looksLikeUri(text) && /^nbds/i.test(text)
  const isMixed = [from, to].some((text) => typeof text === 'string' && isSecureUri(text))
  const parse = (text: TargetWords) =>
    parseEnd(text, (uri) => {
      const isPlain = isMixed && !uri.tls.isRequired && options.tls === undefined
      const { tlsCreds: _, tlsHostname: __, ...plain } = options
      return clientOptions(uri, isPlain ? plain : options, terminal)
    })
  return [await parse(from), await parse(to)]
}

async function run(
  { source, destination }: OpenEnds,
  options: Options,
  terminal: Terminal,
): Promise<CopyResult> {
  const { copyEnds } = await import('../../nbd/copy/copy-ends.ts')
  const bar = new ProgressBar(terminal)
  const { resume, verify = false } = options
  const onProgress = ({ phase, done, total }: TransferProgress) => bar.update(phase, done, total)
  const settings = { resume, verify, warn: terminal.report, onProgress }
  try {
    return await endedBySignals((signal) => copyEnds(source, destination, { ...settings, signal }))
  } finally {
    bar.end()
    await Promise.all([source.close(), destination.close()])
  }
}

function describe(result: CopyResult, seconds: number): string {
  const { size, data, zeroes, resumed, isVerified } = result
  const rate = `${formatSize(Math.round((data + zeroes) / Math.max(seconds, 0.001)))}/s`
  const parts = [
    `${formatSize(size)} copied in ${formatTaken(seconds)} (${rate})`,
    `${formatSize(data)} of data, ${formatSize(zeroes)} of zeroes`,
  ]
  if (resumed > 0) parts.push(`${formatSize(resumed)} were there already`)
  if (isVerified) parts.push('verified')
  return parts.join('; ')
}

/** Shorter times than those of a progress bar are told, which counts whole seconds. */
function formatTaken(seconds: number): string {
  return seconds < 9.95 ? `${Math.max(seconds, 0.1).toFixed(1)} s` : formatDuration(seconds)
}
