/** The options that NBD clients share, and the TLS that they and an URI ask for. */
import { basename, dirname } from 'node:path'
import { type Command, Option } from 'commander'
import { diagnose, fail } from '../diagnostics/diagnostic.ts'
import { TLS_MODES, type TlsMode } from '../endpoint/tls-mode.ts'
import type { ClientTls } from '../nbd/client/client-tls.ts'
import type { NbdClientOptions } from '../nbd/client/nbd-client.ts'
import type { NbdUri } from '../nbd/client/nbd-uri.ts'
import { CLI_KINDS } from './cli-diagnostics.ts'
import { loadObjects, type ObjectOptions, withObjectOptions } from './object-options.ts'
import { parseCount } from './option-values.ts'
import type { Terminal } from './terminal.ts'

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
    .option('--timeout <SECONDS>', 'how long a server may be silent (default: 30)', parseCount)
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
  const definition = credentialsOfUri(uri)
  const id = options.tlsCreds ?? (definition && URI_CREDENTIALS)
  const mode = options.tls ?? (uri.tls.isRequired || id !== undefined ? 'required' : 'off')
  if (mode !== 'required' && uri.tls.isRequired) {
    fail(CLI_KINDS.conflictingOptions, { first: `--tls ${mode}`, second: 'an nbds URI' })
  }
  refuseLostProtection(mode, options)
  if (mode === 'off') return { mode }
  if (id === undefined) {
    const { NBD_CLIENT_KINDS } = await import('../nbd/client/client-diagnostics.ts')
    fail(NBD_CLIENT_KINDS.tlsNeedsCredentials, { server: uri.text })
  }
  if (definition && options.tlsCreds !== undefined) {
    fail(CLI_KINDS.conflictingOptions, { first: '--tls-creds', second: 'credentials in the URI' })
  }
  const object = [...(options.object ?? []), ...(definition ? [definition] : [])]
  const objects = await loadObjects({ ...options, object }, terminal)
  const hostname = options.tlsHostname ?? uri.tls.hostname ?? hostOf(uri)
  const credentials = objects.credentials(id, 'client')
  const asked = options.tlsHostname ?? uri.tls.hostname
  if (asked !== undefined && !(credentials.kind === 'x509' && credentials.verifyPeer)) {
    terminal.report(diagnose(CLI_KINDS.nameUnchecked, { credentials: id, hostname: asked }))
  }
  return { mode, credentials, ...(hostname === undefined ? {} : { hostname }) }
}

/** Refuses options that ask for a protection which a connection in clear does not have. */
function refuseLostProtection(mode: TlsMode, { tls, tlsCreds, tlsHostname }: NbdOptions): void {
  const first = tls === undefined ? 'a URI without TLS' : `--tls ${mode}`
  const lost = { '--tls-creds': tlsCreds, '--tls-hostname': tlsHostname }
  for (const [second, value] of Object.entries(lost)) {
    if (mode === 'off' && value !== undefined) fail(CLI_KINDS.conflictingOptions, { first, second })
  }
}

/** A socket has no host: its server's name has to be said. */
function hostOf({ address }: NbdUri): string | undefined {
  return address.kind === 'tcp' ? address.host : undefined
}

/** The id of credentials that a URI describes. */
const URI_CREDENTIALS = 'of-the-uri'

/** The object for `tls-certificates`, `tls-psk-file` and what belongs to them. */
function credentialsOfUri({ text, tls }: NbdUri): string | undefined {
  const common = { id: URI_CREDENTIALS, endpoint: 'client' }
  if (tls.pskFile !== undefined) {
    // QEMU's credentials name the folder and know the name of the file.
    if (basename(tls.pskFile) !== 'keys.psk') {
      const hint = 'call it keys.psk, as QEMU does'
      fail(CLI_KINDS.missingOption, { what: `${text}: tls-psk-file is not called keys.psk`, hint })
    }
    const user = tls.username === undefined ? {} : { username: tls.username }
    const dir = dirname(tls.pskFile)
    return JSON.stringify({ 'qom-type': 'tls-creds-psk', ...common, dir, ...user })
  }
  if (tls.certificates !== undefined) {
    const verify = tls.verifyPeer === undefined ? {} : { 'verify-peer': tls.verifyPeer }
    const dir = tls.certificates
    return JSON.stringify({ 'qom-type': 'tls-creds-x509', ...common, dir, ...verify })
  }
  return tls.type === 'anon'
    ? JSON.stringify({ 'qom-type': 'tls-creds-anon', ...common })
    : undefined
}
