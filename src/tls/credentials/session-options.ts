/** What a program says of one handshake with credentials. */
import type { Authorization } from '../authorization/authorization.ts'

export type AcceptSessionOptions = {
  /** Decides on the client's certificate; of tls-creds-x509 with verify-peer=on only. */
  readonly authorization?: Authorization | undefined
  /** How long the handshake may take, in milliseconds. */
  readonly timeout?: number | undefined
}

export type ConnectSessionOptions = {
  /** The name or address that the server's certificate has to have. */
  readonly hostname?: string | undefined
  /** How long the handshake may take, in milliseconds. */
  readonly timeout?: number | undefined
}
