/** The options that `migrate preflight` and `migrate bench` share. */
import { type Command, Option } from 'commander'
import { fail } from '../diagnostics/diagnostic.ts'
import type { ObjectDefinition } from '../options/object-definition.ts'
import type { TlsCredentials } from '../tls/credentials/credentials.ts'
import type { TlsObjects } from '../tls/objects/tls-objects.ts'
import { CLI_KINDS } from './cli-diagnostics.ts'
import { type HostAndPort, parseChannels, parseListening, parsePeer } from './migration-peers.ts'
import {
  loadObjects,
  type ObjectOptions,
  refuseAuthzWithoutTls,
  withObjectOptions,
} from './object-options.ts'
import { parseCount, parseWait } from './option-values.ts'
import type { PreflightListenOptions } from './preflight-service.ts'
import { logOption } from './service-options.ts'
import type { Terminal } from './terminal.ts'

export type PeerOptions = ObjectOptions &
  PreflightListenOptions & {
    readonly to?: HostAndPort
    readonly listen?: Partial<HostAndPort> & { readonly port: number }
    readonly connect?: true
    /** Seconds. */
    readonly timeout: number
    readonly seconds: number
    readonly channels: readonly number[]
  }

/** How long a step may take, and how long a rate is measured, in seconds. */
const DEFAULTS = { timeout: 10, seconds: 1 } as const

/** @param channels The numbers of channels whose rate is measured where nothing is said. */
export function withPeerOptions(command: Command, channels: string): Command {
  return withObjectOptions(command)
    .option('--to <HOST:PORT>', 'where --listen of the same command runs', parsePeer)
    .option('--listen <HOST:PORT>', 'answer the other host', parseListening)
    .option('--tls-creds <ID>', 'the credentials of TLS, an --object')
    .option('--tls-authz <ID>', 'with --listen: who may connect, an --object')
    .option('--connect', 'do not ask by UDP first: no QEMU waits at the address')
    .option('--once', 'with --listen: end when a client is done')
    .option('--timeout <SECONDS>', 'for each step', parseWait, DEFAULTS.timeout)
    .option('--seconds <NUMBER>', 'for each measured rate', parseCount, DEFAULTS.seconds)
    .addOption(
      new Option('--channels <NUMBERS>', 'whose rate is measured')
        .argParser(parseChannels)
        .default(parseChannels(channels), channels),
    )
    .addOption(logOption('with --listen: how connections are told'))
}

/** Refuses options that contradict each other. */
export function checkPeerOptions(options: PeerOptions): void {
  const { to, listen, json, connect, tlsAuthz, once } = options
  const conflict = (first: string, second: string) =>
    fail(CLI_KINDS.conflictingOptions, { first, second })
  if (to && listen) conflict('--to', '--listen')
  if (listen && json) conflict('--listen', '--json; see --log json')
  if (listen && connect) conflict('--listen', '--connect')
  if (to && tlsAuthz !== undefined) conflict('--to', '--tls-authz')
  if (to && once) conflict('--to', '--once')
  refuseAuthzWithoutTls(options)
}

export type LoadedClient = {
  readonly objects: TlsObjects
  readonly credentials: TlsCredentials
  readonly definition: ObjectDefinition
}

/** The credentials of `--tls-creds`, with their definition; undefined without the option. */
export async function loadClient(
  options: PeerOptions,
  terminal: Terminal,
): Promise<LoadedClient | undefined> {
  const { tlsCreds: id } = options
  let definition: ObjectDefinition | undefined
  const objects = await loadObjects(options, terminal, (one) => {
    if (one.id === id) definition = one
    return one
  })
  if (id === undefined) return undefined
  const credentials = objects.credentials(id, 'client')
  if (!definition) throw new Error('credentials without a definition')
  return { objects, credentials, definition }
}
