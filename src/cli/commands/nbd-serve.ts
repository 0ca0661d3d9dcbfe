/** `cryptopolicy nbd serve`: exports of files, block devices and memory, in qemu-nbd's words. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { fail } from '../../diagnostics/diagnostic.ts'
import { PROGRAM_VERSION } from '../../diagnostics/program-version.ts'
import { TLS_MODES } from '../../endpoint/tls-mode.ts'
import type { ExportRequest } from '../../nbd/exports/export-list.ts'
import { CLI_KINDS } from '../cli-diagnostics.ts'
import { refuseAuthzWithoutTls, withObjectOptions } from '../object-options.ts'
import { parseNumber, parsePort, parseSize, several } from '../option-values.ts'
import {
  handlingOf,
  parseFormat,
  withQemuNbdOptions,
  withRefusedOptions,
} from '../qemu-nbd-options.ts'
import type { ServeOptions } from '../serve-options.ts'
import { limitOption, logOption } from '../service-options.ts'

const CLI_DEFAULTS = { shared: 1, handshake: 10, idle: 0, drain: 10, memory: 8_388_608 } as const

export function addNbdServe(group: Command): void {
  const command = group
    .command('serve')
    .summary('serve files, block devices and memory')
    .description('Export files, block devices and memory, as qemu-nbd does.')
    .argument('[FILE]', 'a raw image or a block device')
  addListening(addExports(command))
  withRefusedOptions(withQemuNbdOptions(command))
  command.version(PROGRAM_VERSION)
  addTls(withObjectOptions(command))
  addManners(command).action(serve)
}

function addExports(command: Command): Command {
  return command
    .option('-x, --export-name <NAME>', 'the name of the export of FILE or --memory', '')
    .option('-D, --description <TEXT>', 'what people read of that export')
    .option('-r, --read-only', 'clients cannot write')
    .option('-f, --format <FORMAT>', 'the format of FILE: raw', parseFormat, 'raw')
    .option('-o, --offset <SIZE>', 'where the export of FILE or --memory begins', parseSize)
    .option('--memory <SIZE>', 'export memory, which is empty at first', parseSize)
    .option('--export <NAME=FILE>', 'export another file; may be repeated', several(parseExport))
}

function addListening(command: Command): Command {
  return command
    .option('-p, --port <PORT>', 'the TCP port (default: 10809)', parsePort)
    .option(
      '-b, --bind <ADDRESS>',
      'the address of this host to listen at (default: all)',
      parseBind,
    )
    .option('-k, --socket <PATH>', 'listen at a Unix socket instead')
    .option(
      '-e, --shared <NUMBER>',
      'clients at the same time, 0 for any number',
      parseNumber,
      CLI_DEFAULTS.shared,
    )
    .option('-t, --persistent', 'go on after the last client has left')
    .option('--fork', 'go to the background when clients can connect')
    .option('--pid-file <FILE>', 'write the number of the process there')
}

function addTls(command: Command): Command {
  return command
    .option('--tls-creds <ID>', 'the credentials of TLS, an --object; TLS is then required')
    .option('--tls-authz <ID>', 'who may connect, an --object')
    .option('--explain', 'tell what of the priority string this TLS leaves out')
    .option('--tls-hostname <NAME>', 'refused: clients take it, servers do not')
    .addOption(
      new Option('--tls <MODE>', 'optional serves clients without TLS too').choices(TLS_MODES),
    )
}

function addManners(command: Command): Command {
  const { handshake, idle, drain, memory } = CLI_DEFAULTS
  return command
    .addOption(limitOption('--handshake-limit', 'for the negotiation, 0 for no limit', handshake))
    .addOption(limitOption('--idle-limit', 'without a byte either way, 0 for no limit', idle))
    .addOption(limitOption('--drain-limit', 'for requests under way when it is told to end', drain))
    .addOption(
      new Option('--memory-limit <SIZE>', 'for data on its way, all clients together')
        .argParser(parseSize)
        .default(memory, '8M'),
    )
    .addOption(logOption('how connections are told on standard error'))
    .option('-q, --quiet', 'print errors only')
}

/** An IPv6 address may stand in brackets, as qemu-nbd takes it. */
function parseBind(address: string): string {
  return /^\[(.*:.*)\]$/.exec(address)?.[1] ?? address
}

function parseExport(text: string): ExportRequest {
  const at = text.indexOf('=')
  if (at < 0 || at === text.length - 1) throw new InvalidArgumentError('it has to be NAME=FILE.')
  return { name: text.slice(0, at), from: { path: text.slice(at + 1) } }
}

async function serve(file: string | undefined, options: ServeOptions): Promise<void> {
  const requests = requestsOf(file, options)
  refuseConflicts(options)
  if (options.fork && (await startsInBackground())) return
  const { runServer } = await import('../nbd-service.ts')
  await runServer(requests, options)
}

/** Whether this process only waited for the one that serves. */
async function startsInBackground(): Promise<boolean> {
  const { isInBackground, startInBackground } = await import('../../service/background.ts')
  const { listenDescriptors } = await import('../../service/service-manager.ts')
  if (isInBackground()) return false
  if (listenDescriptors().length > 0) {
    const second = 'sockets of the service manager'
    fail(CLI_KINDS.conflictingOptions, { first: '--fork', second })
  }
  process.exitCode = await startInBackground()
  return true
}

function requestsOf(file: string | undefined, options: ServeOptions): readonly ExportRequest[] {
  const { exportName: name, description, memory, offset, export: more = [] } = options
  if (file !== undefined && memory !== undefined) {
    fail(CLI_KINDS.conflictingOptions, { first: 'FILE', second: '--memory' })
  }
  const about = {
    name,
    ...(description === undefined ? {} : { description }),
    ...(offset === undefined ? {} : { offset }),
  }
  const first: readonly ExportRequest[] = [
    ...(file === undefined ? [] : [{ ...about, from: { path: file } }]),
    ...(memory === undefined ? [] : [{ ...about, from: { memory } }]),
  ]
  if (offset !== undefined && first.length === 0) {
    const hint = 'an export that begins elsewhere stands alone: --offset SIZE FILE'
    fail(CLI_KINDS.missingOption, { what: '--offset needs FILE or --memory', hint })
  }
  if (first.length + more.length > 0) return [...first, ...more]
  const hint = 'for instance: cryptopolicy nbd serve --read-only disk.img'
  return fail(CLI_KINDS.missingOption, { what: 'nbd serve needs FILE, --memory or --export', hint })
}

function refuseConflicts({ socket, port, bind, tls, tlsCreds, ...rest }: ServeOptions): void {
  const conflict = (first: string, second: string) =>
    fail(CLI_KINDS.conflictingOptions, { first, second })
  if (socket !== undefined && port !== undefined) conflict('--socket', '--port')
  if (socket !== undefined && bind !== undefined) conflict('--socket', '--bind')
  if (rest.detectZeroes === 'unmap' && handlingOf(rest).discard === 'ignore') {
    conflict('--detect-zeroes unmap', `--discard ${rest.discard}`)
  }
  const need = (what: string, hint: string) => fail(CLI_KINDS.missingOption, { what, hint })
  if (rest.tlsHostname !== undefined) {
    need('--tls-hostname is for clients', 'use it with cryptopolicy nbd list, info or copy')
  }
  const hint = '--object tls-creds-x509,id=tls0,dir=DIR,endpoint=server --tls-creds tls0'
  if (tls !== undefined && tls !== 'off' && tlsCreds === undefined) {
    need(`--tls ${tls} needs --tls-creds`, hint)
  }
  // Each of these asks for a protection that the other takes away from every client.
  if (tls === 'off' && tlsCreds !== undefined) conflict('--tls off', '--tls-creds')
  refuseAuthzWithoutTls({ tlsAuthz: rest.tlsAuthz, tlsCreds })
  // A client without TLS has no name that could be authorized, and is served all the same.
  if (rest.tlsAuthz !== undefined && tls === 'optional') conflict('--tls optional', '--tls-authz')
  if (rest.explain && tlsCreds === undefined) need('--explain needs --tls-creds', hint)
}
