/**
 * Whether this Node.js tells a server that a client asked for an OCSP status. What status-request.ts relies on
 * is not documented, so it is tried out once, by a handshake within the process.
 */
import { duplexPair } from 'node:stream'
import { connect, createSecureContext, type SecureContextOptions } from 'node:tls'
import { runHandshake, runServerHandshake } from './handshake.ts'
import { StatusRequestWatch } from './status-request.ts'

/** Without certificates, so that no key has to be made. TLS 1.3 has no such suites. */
const ANONYMOUS: SecureContextOptions = {
  ciphers: 'ADH:AECDH:@SECLEVEL=0',
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.2',
}

let answer: Promise<boolean> | undefined

/** False where a client that asks is not noticed, and where the trial fails. */
export function noticesStatusRequests(): Promise<boolean> {
  answer ??= tryStatusRequest().catch(() => false)
  return answer
}

async function tryStatusRequest(): Promise<boolean> {
  const [near, far] = duplexPair()
  const context = createSecureContext(ANONYMOUS)
  const statusRequest = new StatusRequestWatch(context)
  const options = { ...ANONYMOUS, socket: near, requestOCSP: true, rejectUnauthorized: false }
  const client = runHandshake(near, 'secureConnect', undefined, () => connect(options))
  const server = runServerHandshake(far, { context, statusRequest })
  try {
    await Promise.all([server, client])
    return statusRequest.isAsked
  } finally {
    near.destroy()
    far.destroy()
  }
}
