/**
 * Keeps a server from sending session tickets in TLS 1.3 (RFC 8446 section 4.6.1).
 *
 * A client that only sends, such as a QEMU whose guest leaves without a return path, never reads them. The
 * kernel then turns its close into a reset, and drops what it has not sent: the end of the guest is lost,
 * and the source says that all went well. No session is ever resumed here, so that nothing is lost with
 * the tickets.
 *
 * `SSL_OP_NO_TICKET` only makes OpenSSL send tickets of another kind, and node:tls has no option for their
 * number. Where OpenSSL cannot be told (see openssl-context.ts), it goes on to send them. Servers warn of that.
 */
import type { SecureContext } from 'node:tls'
import type { SharedLibrary } from '../files/koffi.ts'
import { type ContextCall, OpensslCall } from './openssl-context.ts'

/** @returns false where OpenSSL cannot be told, and sends tickets. */
export function sendNoTickets(context: SecureContext): boolean {
  return noTickets.callOn(context)
}

function bindTickets(library: SharedLibrary): ContextCall {
  const setNumber = library.func('int SSL_CTX_set_num_tickets(void *, size_t)')
  const number = library.func('size_t SSL_CTX_get_num_tickets(void *)')
  return (address) => setNumber(address, 0) === 1 && Number(number(address)) === 0
}

const noTickets = new OpensslCall(bindTickets)
