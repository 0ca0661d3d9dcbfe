/** Sessions that OpenSSL has agreed to are held against the string once more, each part of them. */
import { duplexPair } from 'node:stream'
import {
  connect,
  createSecureContext,
  createServer,
  type SecureVersion,
  type TLSSocket,
} from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { DiagnosticError } from '../../src/diagnostics/diagnostic.ts'
import { checkServer } from '../../src/tls/credentials/peer-verification.ts'
import { checkNegotiated } from '../../src/tls/session-check.ts'
import { tlsOptionsFor } from '../../src/tls/tls-options.ts'
import { makeIdentity } from './certificates.ts'

const SERVER = makeIdentity('localhost', 'rsa-2048')

type Agreed = {
  readonly version: SecureVersion
  readonly ciphers?: string
  readonly curve?: string
  readonly dhparam?: string
}

/** The client's end of a session that node:tls alone has made. */
function agree({ version, curve, ...rest }: Agreed): Promise<TLSSocket> {
  const [near, far] = duplexPair()
  const one = { minVersion: version, maxVersion: version, ecdhCurve: curve ?? 'auto', ...rest }
  const server = createServer({ key: SERVER.key, cert: SERVER.certificate, ...one })
  server.on('tlsClientError', () => {})
  server.on('secureConnection', (socket) => void socket.on('error', () => {}).resume())
  server.emit('connection', far)
  const { dhparam: _, ...options } = one
  const socket = connect({ ...options, socket: near, rejectUnauthorized: false, minDHSize: 512 })
  onTestFinished(() => void socket.destroy())
  return new Promise((resolve, reject) => {
    socket.once('secureConnect', () => resolve(socket)).once('error', reject)
  })
}

/** What a check says: the words of its refusal, or `allowed`. */
function verdictOf(check: () => unknown): string {
  try {
    check()
    return 'allowed'
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    return `${error.diagnostics[0]?.code}: ${error.diagnostics[0]?.message}`
  }
}

const AES = 'DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0'

const SESSIONS: readonly (readonly [
  name: string,
  agreed: Agreed,
  allowing: string,
  refusing: string,
  refusal: RegExp,
])[] = [
  [
    'the version',
    { version: 'TLSv1.2' },
    'NORMAL',
    'NORMAL:-VERS-TLS1.2',
    /^TLS_FORBIDDEN_VERSION.*TLSv1\.2/,
  ],
  [
    'the suite',
    { version: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' },
    'NORMAL',
    'NORMAL:-AES-128-GCM',
    /^TLS_FORBIDDEN_SUITE.*TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256/,
  ],
  [
    'the curve',
    { version: 'TLSv1.3', curve: 'P-384' },
    'NORMAL',
    'NORMAL:-GROUP-SECP384R1',
    /^TLS_FORBIDDEN_GROUP.*secp384r1/,
  ],
  [
    'the prime of TLS 1.3, by its size alone',
    { version: 'TLSv1.3', curve: 'ffdhe2048' },
    'NORMAL:%PROFILE_LOW',
    'NORMAL:%PROFILE_LOW:-GROUP-FFDHE2048',
    /^TLS_FORBIDDEN_GROUP.*a prime of 2048 bits/,
  ],
  [
    'the prime of TLS 1.2',
    { version: 'TLSv1.2', ciphers: AES, dhparam: 'auto' },
    'NORMAL:%PROFILE_MEDIUM',
    'NORMAL:%PROFILE_HIGH',
    /^TLS_FORBIDDEN_GROUP.*a prime of \d+ bits/,
  ],
]

test.each(SESSIONS)('%s is checked', async (_, agreed, allowing, refusing, refusal) => {
  const socket = await agree(agreed)
  const check = (priority: string) => () =>
    checkNegotiated(socket, tlsOptionsFor({ name: 'test', text: priority }, { role: 'client' }))
  expect(verdictOf(check(allowing))).toBe('allowed')
  expect(verdictOf(check(refusing))).toMatch(refusal)
})

test('a certificate is no answer to a client without authentication or with a shared key', async () => {
  const socket = await agree({ version: 'TLSv1.3' })
  const generation = (kind: 'anon' | 'psk') => {
    const settings = tlsOptionsFor(
      { name: 'test', text: 'NORMAL:+ANON-ECDH:+PSK' },
      { role: 'client' },
    )
    const context = createSecureContext()
    const made = { context, isVerifiedByOpenssl: false, sendsTickets: false }
    return { kind, endpoint: 'client', verifyPeer: true, settings, ...made } as const
  }
  expect(verdictOf(() => checkServer(socket, generation('anon')))).toMatch(
    /^TLS_FORBIDDEN_CERTIFICATE/,
  )
  expect(verdictOf(() => checkServer(socket, generation('psk')))).toMatch(/^TLS_NO_SHARED_KEY/)
})
