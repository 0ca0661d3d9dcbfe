/** `cryptopolicy qmp`: a client of monitors, of this program and of QEMU. */
import type { Command } from 'commander'
import { terminalFor, withOutput } from '../command.ts'
import { loadObjects, type ObjectOptions, withObjectOptions } from '../object-options.ts'
import { parseInputFile, parseWait } from '../option-values.ts'
import type { Terminal } from '../terminal.ts'

type Options = ObjectOptions & {
  readonly file?: string
  readonly hmp?: boolean
  readonly events?: boolean
  readonly timeout: number
  readonly tlsCreds?: string
  readonly tlsHostname?: string
}

const DEFAULT_TIMEOUT = 30

export function addQmp(program: Command): void {
  const command = program
    .command('qmp')
    .summary('talk to a monitor, of this program or of QEMU')
    .description('Run commands of a QMP monitor: one, those of a file, or those that are typed.')
    .argument('<SOCKET>', 'a path, unix:PATH or tcp:HOST:PORT')
    .argument('[WORDS...]', 'a command, then its arguments as JSON or as key=value')
    .option('--file <SCRIPT>', 'a file with a command on each line, or -', parseInputFile)
    .option('--hmp', 'the commands are those of the human monitor')
    .option('--events', 'print events, until the monitor or a signal ends it')
    .option('--timeout <SECONDS>', 'to connect, and for the greeting', parseWait, DEFAULT_TIMEOUT)
    .option('--tls-creds <ID>', 'the credentials of TLS, an --object')
    .option('--tls-hostname <NAME>', 'the name that the certificate of the monitor has to bear')
  withOutput(withObjectOptions(command)).action(talk)
}

async function talk(place: string, words: readonly string[], options: Options): Promise<void> {
  const { parseMonitorPlace } = await import('../monitor-place.ts')
  const { openMonitor } = await import('../../monitor/client/open-monitor.ts')
  const { MonitorTalk } = await import('../monitor-talk.ts')
  const address = parseMonitorPlace(place)
  const terminal = terminalFor(options)
  const conversation = new MonitorTalk(terminal, options)
  const client = await openMonitor(address, {
    credentials: await findCredentials(options, terminal),
    hostname: options.tlsHostname ?? (address.kind === 'tcp' ? address.host : undefined),
    timeout: options.timeout * 1000,
    onEvent: conversation.tellEvent,
  })
  try {
    await conversation.run(client, words)
  } finally {
    client.close()
  }
}

async function findCredentials(options: Options, terminal: Terminal) {
  const { tlsCreds } = options
  if (tlsCreds === undefined) return undefined
  return (await loadObjects(options, terminal)).credentials(tlsCreds, 'client')
}
