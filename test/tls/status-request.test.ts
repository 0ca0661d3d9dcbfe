/** node:tls does not document how it tells a socket's server of the request: these notice where it no longer does. */
import { connect, createSecureContext } from 'node:tls'
import { expect, test } from 'vitest'
import { runServerHandshake } from '../../src/tls/handshake.ts'
import { StatusRequestWatch } from '../../src/tls/status-request.ts'
import { makeIdentity } from './certificates.ts'
import { openPair } from './objects/meeting.ts'

const own = makeIdentity('localhost', 'ec-prime256v1')

test.each([
  ['TLSv1.2', true],
  ['TLSv1.2', false],
  ['TLSv1.3', true],
  ['TLSv1.3', false],
] as const)(
  'a server knows whether a client of %s asked for a status: %s',
  async (version, isAsked) => {
    const [near, far] = await openPair()
    const context = createSecureContext({ key: own.key, cert: own.certificate })
    const statusRequest = new StatusRequestWatch(context)
    const versions = { minVersion: version, maxVersion: version } as const
    const options = { socket: near, rejectUnauthorized: false, requestOCSP: isAsked, ...versions }
    connect(options).on('error', () => {})
    await runServerHandshake(far, { context, statusRequest })
    expect(statusRequest.isAsked).toBe(isAsked)
    near.destroy()
    far.destroy()
  },
)
