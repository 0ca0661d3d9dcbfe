/** `cryptopolicy migrate send`: gives a stored migration to a QEMU that waits for one. */
import type { Command } from 'commander'
import { diagnose } from '../../diagnostics/diagnostic.ts'
import type { MigrationUri } from '../../migration/address/migration-uri.ts'
import type { SendResult } from '../../migration/send/send.ts'
import type { SendProgress } from '../../migration/send/send-progress.ts'
import type { StoredMigration } from '../../migration/send/stored-migration.ts'
import type { TlsCredentials } from '../../tls/credentials/credentials.ts'
import { formatSize } from '../byte-size.ts'
import { terminalFor, withOutput } from '../command.ts'
import { endedBySignals } from '../ended-by-signals.ts'
import { loadObjects, type ObjectOptions, withObjectOptions } from '../object-options.ts'
import { parseSize, parseWait } from '../option-values.ts'
import { ProgressBar } from '../progress-bar.ts'
import type { Terminal } from '../terminal.ts'

type Options = ObjectOptions & {
  readonly input: string
  readonly to: string
  readonly tlsCreds?: string
  readonly tlsHostname?: string
  readonly bandwidth?: number
  /** Seconds. */
  readonly timeout: number
}

const DEFAULT_TIMEOUT = 30

export function addMigrateSend(group: Command): void {
  const command = group
    .command('send')
    .summary('give a stored migration to a QEMU that waits')
    .description('Give a stored migration to a QEMU that waits for one, started with -incoming.')
    .requiredOption('--input <MIGRATION>', 'a file, packed by gzip or not, or a folder of channels')
    .requiredOption('--to <URI>', 'tcp:HOST:PORT, unix:PATH, fd:N, exec:COMMAND or file:PATH')
  withObjectOptions(command)
    .option('--tls-creds <ID>', 'the credentials of TLS, an --object')
    .option('--tls-hostname <NAME>', 'the name that the certificate of the destination has to bear')
    .option('--bandwidth <SIZE>', 'bytes a second, at most', parseRate)
    .option(
      '--timeout <SECONDS>',
      'to connect, and for the answer at the end',
      parseWait,
      DEFAULT_TIMEOUT,
    )
  withOutput(command).action(send)
}

/** Nothing would ever be sent with none. */
function parseRate(text: string): number {
  return Math.max(1, parseSize(text))
}

async function send(options: Options): Promise<void> {
  const { parseMigrationUri } = await import('../../migration/address/migration-uri.ts')
  const terminal = terminalFor(options)
  const to = parseMigrationUri(options.to)
  const credentials = await findCredentials(options, terminal)
  await warnOfClearText(to, credentials, terminal)
  const begin = performance.now()
  const { migration, result } = await endedBySignals((signal) =>
    run(to, credentials, { options, terminal, signal }),
  )
  const seconds = (performance.now() - begin) / 1000
  if (options.json) terminal.setResult(await toJson(options, migration, result, seconds))
  else terminal.note(describe(migration, result, seconds))
}

async function findCredentials(
  options: Options,
  terminal: Terminal,
): Promise<TlsCredentials | undefined> {
  const { tlsCreds, tlsHostname } = options
  if (tlsCreds !== undefined) {
    const objects = await loadObjects(options, terminal)
    return objects.credentials(tlsCreds, 'client')
  }
  if (tlsHostname === undefined) return undefined
  const { fail } = await import('../../diagnostics/diagnostic.ts')
  const { CLI_KINDS } = await import('../cli-diagnostics.ts')
  const hint = '--object tls-creds-x509,id=tls0,dir=DIR,endpoint=client --tls-creds tls0'
  return fail(CLI_KINDS.missingOption, { what: '--tls-hostname needs --tls-creds', hint })
}

async function warnOfClearText(
  to: MigrationUri,
  credentials: TlsCredentials | undefined,
  terminal: Terminal,
): Promise<void> {
  if (credentials || to.kind !== 'tcp') return
  const { isLoopback } = await import('../../net/address.ts')
  if (isLoopback(to.host)) return
  const { SEND_KINDS } = await import('../../migration/send/send-diagnostics.ts')
  const { printMigrationUri } = await import('../../migration/address/migration-uri.ts')
  terminal.report(diagnose(SEND_KINDS.clearText, { to: printMigrationUri(to) }))
}

type Surroundings = {
  readonly options: Options
  readonly terminal: Terminal
  readonly signal: AbortSignal
}

async function run(
  to: MigrationUri,
  credentials: TlsCredentials | undefined,
  { options, terminal, signal }: Surroundings,
): Promise<{ migration: StoredMigration; result: SendResult }> {
  const { readStoredMigration } = await import('../../migration/send/stored-migration.ts')
  const { sendMigration } = await import('../../migration/send/send.ts')
  const { Bandwidth } = await import('../../migration/send/bandwidth.ts')
  const bar = new ProgressBar(terminal)
  try {
    terminal.showStatus('checking the stored migration')
    const migration = await readStoredMigration(options.input, { signal })
    const result = await sendMigration(migration, to, {
      credentials,
      hostname: options.tlsHostname,
      bandwidth: new Bandwidth(options.bandwidth),
      timeout: options.timeout * 1000,
      signal,
      onProgress: (progress) => showProgress(bar, migration, progress),
    })
    return { migration, result }
  } catch (error) {
    const { DiagnosticError, fail } = await import('../../diagnostics/diagnostic.ts')
    if (error instanceof DiagnosticError || !signal.aborted) throw error
    const { SEND_KINDS } = await import('../../migration/send/send-diagnostics.ts')
    return fail(SEND_KINDS.cancelled, { to: options.to, sent: 0 })
  } finally {
    bar.end()
  }
}

/** `send [##---]  50%  1 GiB of 2 GiB  256 MiB/s  4 s left  131072 pages  pass 2/3` */
function showProgress(
  bar: ProgressBar,
  { total, passes }: StoredMigration,
  progressOf: () => SendProgress,
): void {
  const progress = progressOf()
  bar.update('send', progress.bytes, total, () => [
    `${progress.pages} pages`,
    `pass ${progress.pass}/${passes}`,
  ])
}

function describe({ channels }: StoredMigration, result: SendResult, seconds: number): string {
  const rate = formatSize(Math.round(result.bytes / Math.max(seconds, 0.001)))
  const answer =
    result.shut === 0 ? 'the destination has taken the guest' : 'no answer was asked for'
  const ways = channels.length === 1 ? '' : ` over ${channels.length} channels`
  return `${formatSize(result.bytes)} sent${ways} in ${seconds.toFixed(1)} s (${rate}/s); ${answer}`
}

async function toJson(
  { input }: Options,
  { channels, hasReturnPath, pings }: StoredMigration,
  { tls, ...result }: SendResult,
  seconds: number,
) {
  const { tlsFactsToJson } = await import('../../endpoint/event-report.ts')
  return {
    ...{ input, channels: channels.length, hasReturnPath, pings },
    ...result,
    seconds,
    tls: tls && tlsFactsToJson(tls),
  }
}
