/** Whether a client wants TLS, and NBD_OPT_STARTTLS. Protocol, "TLS support". */
import type { Duplex } from 'node:stream'
import { type Diagnostic, diagnose, fail } from '../../diagnostics/diagnostic.ts'
import { NBD_OPT } from '../protocol/constants.ts'
import { NBD_CLIENT_KINDS } from './client-diagnostics.ts'
import type { NegotiationChannel } from './negotiation-channel.ts'
import { sendOption } from './options.ts'

/** What the client needs of TLS credentials (src/tls/objects). */
export type ClientCredentials = {
  /** Destroys the connection and throws where the server is not who it has to be. */
  connect(connection: Duplex, options?: { readonly hostname?: string }): Promise<SecureConnection>
}

export type SecureConnection = {
  readonly socket: Duplex
  /** `TLSv1.3`. */
  readonly protocol: string
  /** The cipher suite. */
  readonly suite: string
  readonly group?: string
  readonly peer: { readonly distinguishedName?: string; readonly username?: string }
}

export type ClientTls =
  | { readonly mode: 'off' }
  | {
      /** `optional` goes on in clear where the server has no TLS; `required` never does. */
      readonly mode: 'optional' | 'required'
      readonly credentials: ClientCredentials
      /** The name that the certificate of the server has to bear. */
      readonly hostname?: string
    }

/** What is known of a session, for people and programs. */
export type TlsFacts = Omit<SecureConnection, 'socket'>

/**
 * Asks for TLS, before anything else is asked. Whatever was negotiated before does not count.
 *
 * @returns undefined where the connection stays in clear.
 */
export async function startTls(
  channel: NegotiationChannel,
  tls: ClientTls,
  warn: (diagnostic: Diagnostic) => void,
): Promise<TlsFacts | undefined> {
  if (tls.mode === 'off') return undefined
  const { server } = channel
  const outcome = await sendOption(channel, NBD_OPT.STARTTLS)
  if (!outcome.accepted) {
    const { reply, text } = outcome
    if (tls.mode === 'required') fail(NBD_CLIENT_KINDS.serverWithoutTls, { server, reply, text })
    warn(diagnose(NBD_CLIENT_KINDS.clearText, { server, reply }))
    return undefined
  }
  // In TLS the client speaks first: whatever is here already was put in by somebody in between, who
  // would have it taken for an answer from inside TLS.
  if (channel.hasUnreadBytes) fail(NBD_CLIENT_KINDS.injected, { server })
  return secure(channel, tls)
}

async function secure(
  channel: NegotiationChannel,
  { credentials, hostname }: Exclude<ClientTls, { mode: 'off' }>,
): Promise<TlsFacts> {
  const sessions: SecureConnection[] = []
  await channel.replace(async (stream) => {
    const session = await credentials.connect(stream, hostname === undefined ? {} : { hostname })
    sessions.push(session)
    return session.socket
  })
  const [{ protocol = '', suite = '', group, peer = {} } = {} as Partial<SecureConnection>] =
    sessions
  return { protocol, suite, peer, ...(group === undefined ? {} : { group }) }
}
