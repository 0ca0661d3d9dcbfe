/** The options that NBD clients share, and the TLS that they and an URI ask for. */
import { type Command, Option } from 'commander'
import { diagnose, fail } from '../diagnostics/diagnostic.ts'
import type { ClientTls } from '../endpoint/client-tls.ts'
import { TLS_MODES, type TlsMode } from '../endpoint/tls-mode.ts'
import type { NbdUri } from '../nbd/client/nbd-uri.ts'
import type { NbdClientOptions } from '../nbd/client/open-connection.ts'
import type { ObjectDefinition } from '../options/object-definition.ts'
import { CLI_KINDS } from './cli-diagnostics.ts'
import { loadObjects, type ObjectOptions, withObjectOptions } from './object-options.ts'
import { parseWait } from './option-values.ts'
import type { Terminal } from './terminal.ts'
import { credentialsOfUri, defaultCredentials, URI_CREDENTIALS } from './uri-credentials.ts'

export type NbdOptions = ObjectOptions & {
  readonly tls?: TlsMode
  readonly tlsCreds?: string
  readonly tlsHostname?: string
  /** Seconds. */
  readonly timeout?: number
}

/** Adds the options of a client. */
export function withNbdOptions(command: Command): Command {
  return withObjectOptions(command)
    .option('--tls-creds <ID>', 'the credentials of TLS, an --object; TLS is then required')
    .option('--tls-hostname <NAME>', 'the name that the certificate of the server has to bear')
    .addOption(
      new Option('--tls <MODE>', 'optional goes on in clear where the server has no TLS').choices(
        TLS_MODES,
      ),
    )
    .option('--timeout <SECONDS>', 'how long a server may be silent (default: 30)', parseWait)
}

/** What the options and a URI ask for, as the client takes it. */
export async function clientOptions(
  uri: NbdUri,
  options: NbdOptions,
  terminal: Terminal,
): Promise<NbdClientOptions> {
  const tls = await clientTls(uri, options, terminal)
  const timeout = options.timeout === undefined ? {} : { timeout: options.timeout * 1000 }
  return { tls, warn: terminal.report, ...timeout }
}

async function clientTls(uri: NbdUri, options: NbdOptions, terminal: Terminal): Promise<ClientTls> {
  const described = credentialsOfUri(uri)
  const isAsked = uri.tls.isRequired || (options.tlsCreds ?? described) !== undefined
  const mode = options.tls ?? (isAsked ? 'required' : 'off')
  if (mode !== 'required' && uri.tls.isRequired) {
    fail(CLI_KINDS.conflictingOptions, { first: `--tls ${mode}`, second: 'an nbds URI' })
  }
  refuseLostProtection(mode, uri, options)
  if (mode === 'off') return { mode }
  if (described && options.tlsCreds !== undefined) {
    fail(CLI_KINDS.conflictingOptions, { first: '--tls-creds', second: 'credentials in the URI' })
  }
  const isNamed = (described ?? options.tlsCreds) !== undefined
  const definition = isNamed ? described : defaultCredentials(uri, (line) => terminal.note(line))
  const id = options.tlsCreds ?? (definition && URI_CREDENTIALS)
  if (id === undefined) {
    const { NBD_CLIENT_KINDS } = await import('../nbd/client/nbd-client-diagnostics.ts')
    fail(NBD_CLIENT_KINDS.tlsNeedsCredentials, { server: uri.text })
  }
  const object = [...(options.object ?? []), ...(definition ? [definition] : [])]
  const objects = await loadObjects({ ...options, object }, terminal, (one) =>
    one.id === id ? withUser(one, uri.tls.username) : one,
  )
  const hostname = options.tlsHostname ?? uri.tls.hostname ?? hostOf(uri)
  const credentials = objects.credentials(id, 'client')
  const asked = options.tlsHostname ?? uri.tls.hostname
  if (asked !== undefined && !(credentials.kind === 'x509' && credentials.verifyPeer)) {
    terminal.report(diagnose(CLI_KINDS.nameUnchecked, { credentials: id, hostname: asked }))
  }
  return { mode, credentials, ...(hostname === undefined ? {} : { hostname }) }
}

/** Shared keys are those of the user in the URI, whatever their object says. */
function withUser(definition: ObjectDefinition, username: string | undefined): ObjectDefinition {
  if (username === undefined || definition.type !== 'tls-creds-psk') return definition
  return { ...definition, properties: { ...definition.properties, username } }
}

/** Refuses options, and parameters of a URI, that ask for a protection which a connection in clear does not have. */
function refuseLostProtection(mode: TlsMode, uri: NbdUri, options: NbdOptions): void {
  if (mode !== 'off') return
  const { tls, tlsCreds, tlsHostname } = options
  const first = tls === undefined ? 'a URI without TLS' : `--tls ${mode}`
  const { type, hostname, certificates, pskFile, verifyPeer } = uri.tls
  const lost = {
    '--tls-creds': tlsCreds,
    '--tls-hostname': tlsHostname,
    'tls-type in the URI': type,
    'tls-certificates in the URI': certificates,
    'tls-psk-file in the URI': pskFile,
    'tls-hostname in the URI': hostname,
    'tls-verify-peer in the URI': verifyPeer || undefined,
  }
  for (const [second, value] of Object.entries(lost)) {
    if (value !== undefined) fail(CLI_KINDS.conflictingOptions, { first, second })
  }
}

/** A socket has no host: its server's name has to be said. */
function hostOf({ address }: NbdUri): string | undefined {
  return address.kind === 'tcp' ? address.host : undefined
}
