/** A session that was checked: what was negotiated, and who the peer is. */
import type { TLSSocket } from 'node:tls'
import type { Certificate } from '../../x509/certificate.ts'
import type { NegotiatedSession } from '../session-check.ts'

export type TlsPeer = {
  /** Of credentials that verify. */
  readonly certificate?: Certificate
  /** As rules are compared with it: `C=UK,CN=qemu`. */
  readonly distinguishedName?: string
  /** The user whose shared key was used; of servers. */
  readonly username?: string
}

/** What is known of a session, for people and programs. */
export type TlsFacts = NegotiatedSession & { readonly peer: TlsPeer }

export type TlsSession = TlsFacts & {
  /**
   * Nothing of it has been read or written yet. Its `authorized` says whether `peer.certificate` was
   * verified; `authorizationError` says nothing.
   */
  readonly socket: TLSSocket
  /**
   * Whether this side sent session tickets. The last bytes of a peer that never reads them may be lost;
   * see TLS_SESSION_TICKETS.
   */
  readonly sentTickets: boolean
}
