/** The context of node:tls that all handshakes of one load of credentials share. */
import { constants } from 'node:crypto'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { includesTls13 } from '../../../algorithms/tls-versions.ts'
import { type Diagnostic, diagnose, fail } from '../../../diagnostics/diagnostic.ts'
import type { EndpointContext } from '../../credentials/credentials-generation.ts'
import { OBJECT_KINDS } from '../../object-diagnostics.ts'
import { sendNoTickets } from '../../openssl-tickets.ts'
import { omitVerification } from '../../openssl-verification.ts'
import { TLS_KINDS } from '../../tls-diagnostics.ts'
import type { TlsSettings } from '../../tls-options.ts'

/**
 * Makes a context that trusts no authority: the chain of the peer is checked after the handshake, by
 * the rules of GnuTLS.
 *
 * @throws DiagnosticError OBJECT_CREDENTIALS_REFUSED where OpenSSL refuses a certificate or a key.
 */
export function makeContext(
  { options, role, allowed }: TlsSettings,
  credentials: Pick<SecureContextOptions, 'cert' | 'key' | 'ca'> = {},
): EndpointContext {
  const { minDHSize: _, checkServerIdentity: __, secureOptions = 0, ...rest } = options
  try {
    const context = createSecureContext({
      // Without a list of its own, node:tls would trust the authorities that it brings along.
      ca: [],
      ...rest,
      ...credentials,
      // A resumed session would lack the chain that was checked, so none can be resumed.
      secureOptions: secureOptions | constants.SSL_OP_NO_TICKET,
      // A server without one refuses clients that try to resume instead of starting anew; a client
      // with one refuses its own shared key.
      ...(role === 'server' ? { sessionIdContext: 'cryptopolicy' } : {}),
    })
    const sendsTickets =
      role === 'server' && includesTls13(allowed.versions) && !sendNoTickets(context)
    return { context, isVerifiedByOpenssl: !omitVerification(context), sendsTickets }
  } catch (error) {
    const { reason, message } = error as Error & { reason?: string }
    return fail(OBJECT_KINDS.contextRefused, { reason: reason ?? message })
  }
}

/** What a server tells of its context when its credentials are loaded. */
export function warnAboutTickets({ sendsTickets }: EndpointContext): readonly Diagnostic[] {
  return sendsTickets ? [diagnose(TLS_KINDS.sessionTickets, {})] : []
}
