/** `cryptopolicy migrate receive`: takes a guest from QEMU and stores it. */
import { type Command, InvalidArgumentError } from 'commander'
import { refuseAuthzWithoutTls, withObjectOptions } from '../object-options.ts'
import { parseNumber } from '../option-values.ts'
import type { ReceiveCommandOptions } from '../receive-options.ts'
import { limitOption, logOption } from '../service-options.ts'

const DEFAULTS = { handshake: 10, idle: 300 } as const

export function addMigrateReceive(group: Command): void {
  const command = group
    .command('receive')
    .summary('take a guest from QEMU and store it')
    .description(
      'Take what a QEMU sends, check it as it comes, and store it: whole or not at all. One migration is received.',
    )
    .argument('<FILE>', 'where it is stored; a folder with --multifd; /dev/null only checks it')
    .requiredOption('--listen <URI>', 'tcp:HOST:PORT, unix:PATH, or fd:N with a listening socket')
    .option('--multifd <NUMBER>', 'channels of the source beside the main one', parseChannels, 0)
    .option('--switchover-ack', 'the source has the capability switchover-ack')
  addManners(addTls(withObjectOptions(command))).action(receive)
}

function addTls(command: Command): Command {
  return command
    .option('--tls-creds <ID>', 'the credentials of TLS, an --object')
    .option('--tls-authz <ID>', 'who may connect, an --object')
}

function addManners(command: Command): Command {
  return command
    .addOption(
      limitOption(
        '--handshake-limit',
        'for the TLS handshake, and to say which channel it is; 0 for no limit',
        DEFAULTS.handshake,
      ),
    )
    .addOption(
      limitOption('--idle-limit', 'without a byte of the source, 0 for no limit', DEFAULTS.idle),
    )
    .option('--pid-file <FILE>', 'write the number of the process there')
    .addOption(logOption('how connections are told on standard error'))
    .option('--json', 'print the result as JSON')
    .option('-q, --quiet', 'print errors only')
}

/** As the parameter multifd-channels of QEMU. */
const MAX_CHANNELS = 255

function parseChannels(text: string): number {
  const count = parseNumber(text)
  if (count <= MAX_CHANNELS) return count
  throw new InvalidArgumentError(`QEMU has at most ${MAX_CHANNELS} channels.`)
}

async function receive(path: string, options: ReceiveCommandOptions): Promise<void> {
  refuseAuthzWithoutTls(options)
  const { runReceive } = await import('../receive-service.ts')
  await runReceive(path, options)
}
