/** `cryptopolicy migrate relay`: TLS for guests that move over plain sockets. */
import { type Command, Option } from 'commander'
import { fail } from '../../diagnostics/diagnostic.ts'
import { CLI_KINDS } from '../cli-diagnostics.ts'
import { withObjectOptions } from '../object-options.ts'
import { parseCount, parseInputFile, parseSize, parseSocketMode } from '../option-values.ts'
import type { RelayCommandOptions } from '../relay-options.ts'
import { limitOption, logOption } from '../service-options.ts'

const DEFAULTS = { handshake: 10, idle: 0, drain: 30 } as const

export function addMigrateRelay(group: Command): void {
  const command = group
    .command('relay')
    .summary('carry guests between hosts over TLS')
    .description(
      'Carry the channels of migrations between two hosts: plain sockets at the outside, TLS between. On the host of the source the credentials have endpoint=client, on that of the destination endpoint=server.',
    )
    .option('--listen <URI>', 'where the guest comes from: unix:PATH, tcp:HOST:PORT or fd:N')
    .option('--to <URI>', 'where it goes to: tcp:HOST:PORT or unix:PATH')
    .option('--nbd', 'carry a disk by NBD instead of a migration')
    .addOption(
      new Option('--map <FILE>', 'relays of many guests, in YAML or JSON').argParser(
        parseInputFile,
      ),
    )
  addLimits(addSockets(addTls(withObjectOptions(command)))).action(relay)
}

function addTls(command: Command): Command {
  return command
    .option('--tls-creds <ID>', 'the credentials of TLS, an --object')
    .option('--tls-authz <ID>', 'who may connect by TLS, an --object')
    .option('--tls-hostname <NAME>', 'the name that the certificate of the other host has to bear')
}

function addSockets(command: Command): Command {
  return command
    .option(
      '--socket-mode <MODE>',
      'permissions of the Unix socket, in octal (default: 0600)',
      parseSocketMode,
    )
    .option('--socket-owner <USER:GROUP>', 'its owner, group, or both')
    .option('--pid-file <FILE>', 'write the number of the process there')
}

function addLimits(command: Command): Command {
  const { handshake, idle, drain } = DEFAULTS
  return command
    .option('--channels <NUMBER>', 'channels of each guest at the same time', parseCount)
    .option(
      '--memory-limit <SIZE>',
      'for bytes on their way (default: 128M, more for a large map)',
      parseSize,
    )
    .addOption(
      limitOption('--handshake-limit', 'to connect and to shake hands, 0 for no limit', handshake),
    )
    .addOption(limitOption('--idle-limit', 'without a byte either way, 0 for no limit', idle))
    .addOption(limitOption('--drain-limit', 'for channels under way when it is told to end', drain))
    .addOption(logOption('how channels are told on standard error'))
    .option('-q, --quiet', 'print errors only')
}

async function relay(options: RelayCommandOptions): Promise<void> {
  refuseConflicts(options)
  const { runRelays } = await import('../relay-service.ts')
  await runRelays(options)
}

/** What a map says of each relay is not said of all. */
function refuseConflicts(options: RelayCommandOptions): void {
  const { map, listen, to } = options
  const single = {
    ...{ '--listen': listen, '--to': to, '--nbd': options.nbd, '--tls-creds': options.tlsCreds },
    ...{ '--tls-authz': options.tlsAuthz, '--tls-hostname': options.tlsHostname },
    ...{ '--socket-mode': options.socketMode, '--socket-owner': options.socketOwner },
  }
  for (const [second, value] of Object.entries(single)) {
    if (map !== undefined && value !== undefined) {
      fail(CLI_KINDS.conflictingOptions, { first: '--map', second })
    }
  }
  if (map !== undefined || (listen !== undefined && to !== undefined)) return
  const hint =
    'for instance: cryptopolicy migrate relay --listen unix:/run/guest.sock --to tcp:host:49152 --object ... --tls-creds tls0'
  fail(CLI_KINDS.missingOption, { what: 'migrate relay needs --listen and --to, or --map', hint })
}
