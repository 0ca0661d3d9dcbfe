/**
 * Whether a client has asked for an OCSP status (RFC 6066 section 8). node:tls tells that only to a
 * server of its own, by an event that does not say of which connection. status-request-trial.ts finds out
 * whether that still works.
 */
import { EventEmitter } from 'node:events'
import type { SecureContext, TLSSocketOptions } from 'node:tls'

/** Stands where a socket of node:tls looks for its server; one for each connection. */
export class StatusRequestWatch extends EventEmitter {
  /** Where node:tls looks for the certificate that the event tells of. */
  readonly _sharedCreds: SecureContext
  #isAsked = false

  constructor(context: SecureContext) {
    super()
    this._sharedCreds = context
    // Without an answer the handshake would wait: there is no status to send.
    this.on('OCSPRequest', (_certificate: Buffer, _issuer: Buffer, answer: () => void) => {
      this.#isAsked = true
      answer()
    })
  }

  get isAsked(): boolean {
    return this.#isAsked
  }

  /** For a socket of a server. */
  get options(): TLSSocketOptions {
    return { server: this as never }
  }
}
