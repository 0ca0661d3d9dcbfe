/** The client's NBD_OPT_STARTTLS. Protocol, "TLS support". */
import { type Diagnostic, diagnose, fail } from '../../diagnostics/diagnostic.ts'
import type { ClientTls } from '../../endpoint/client-tls.ts'
import type { TlsFacts } from '../../tls/credentials/tls-session.ts'
import { NBD_OPT } from '../protocol/constants.ts'
import { NBD_CLIENT_KINDS } from './nbd-client-diagnostics.ts'
import type { NegotiationChannel } from './negotiation-channel.ts'
import { sendOption } from './send-option.ts'

/**
 * Asks for TLS, before anything else is asked. Whatever was negotiated before does not count.
 *
 * @returns undefined where the connection stays in clear.
 */
export async function beginTls(
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
  // In TLS the client speaks first. Bytes that are here already are from an attacker on the way, who
  // wants them to be taken for an answer that came through TLS.
  if (channel.hasUnreadBytes) fail(NBD_CLIENT_KINDS.injected, { server })
  return secure(channel, tls)
}

async function secure(
  channel: NegotiationChannel,
  { credentials, hostname }: Exclude<ClientTls, { mode: 'off' }>,
): Promise<TlsFacts> {
  // The socket is the connection's from here on.
  const { socket: _, ...facts } = await channel.replace((stream) =>
    credentials.connect(stream, { hostname }),
  )
  return facts
}
