/** How an endpoint secures its connections: looked up once, so that a wrong id is told at the start. */
import type { Duplex } from 'node:stream'
import { fail } from '../diagnostics/diagnostic.ts'
import type { Span } from '../diagnostics/source.ts'
import type { TlsSession } from '../tls/credentials/tls-session.ts'
import type { TlsObjects } from '../tls/objects/tls-objects.ts'
import type { TlsSettings } from '../tls/tls-options.ts'
import { ENDPOINT_KINDS } from './endpoint-diagnostics.ts'
import { handshakeTimeout } from './handshake-limit.ts'
import type { TlsMode } from './tls-mode.ts'

/** Runs the server's side of a handshake; throws where the client is not let in. */
export type Secure = (connection: Duplex) => Promise<TlsSession>

export type Security = {
  readonly tlsMode: TlsMode
  readonly secure: Secure
  /** The settings of the credentials when the endpoint began; undefined without TLS. */
  readonly settings?: TlsSettings
  /** To be called when the endpoint has ended: until then its objects are in use. */
  readonly release?: () => void
}

/** For an endpoint in clear. */
export const NO_TLS: Security = {
  tlsMode: 'off',
  secure: () => Promise.reject(new Error('there is no TLS')),
}

export type SecurityOptions = {
  /** Required where there are credentials, unless this says otherwise. */
  readonly mode?: TlsMode | undefined
  /** The id of credentials. */
  readonly credentials?: string | undefined
  /** The id of an authorization. */
  readonly authorization?: string | undefined
  /** Of a handshake, in seconds; 0 for no limit. */
  readonly handshakeLimit: number
}

/** @throws DiagnosticError OBJECT_..., ENDPOINT_AUTHZ_WITHOUT_TLS */
export function findSecurity(objects: TlsObjects, options: SecurityOptions): Security {
  const { mode, credentials: id, authorization: authorizationId, handshakeLimit } = options
  requireTlsFor(options)
  if (id === undefined || mode === 'off') return NO_TLS
  const credentials = objects.credentials(id, 'server')
  const authorization =
    authorizationId === undefined ? undefined : objects.authorization(authorizationId)
  if (authorization) credentials.checkAuthorization(authorization)
  const holds = [id, ...(authorization ? [authorization.id] : [])].map((one) => objects.hold(one))
  const timeout = handshakeTimeout(handshakeLimit)
  return {
    tlsMode: mode ?? 'required',
    settings: credentials.settings,
    release: () => {
      for (const letGo of holds) letGo()
    },
    secure: (connection) => credentials.accept(connection, { authorization, timeout }),
  }
}

/**
 * An authorization that nothing is decided by would let every client in.
 *
 * @param place Of the authorization, in a file.
 * @throws DiagnosticError ENDPOINT_AUTHZ_WITHOUT_TLS
 */
export function requireTlsFor(
  { credentials, authorization }: Pick<SecurityOptions, 'credentials' | 'authorization'>,
  place?: Span,
): void {
  if (authorization === undefined || credentials !== undefined) return
  fail(ENDPOINT_KINDS.authzWithoutTls, { id: authorization }, place)
}
