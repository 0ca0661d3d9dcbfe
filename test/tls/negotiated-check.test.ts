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
import { checkNegotiated, negotiatedGroup, requireX509 } from '../../src/tls/session-check.ts'
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

/** `SSL_SESSION` of OpenSSL with one field, whose number follows `[tag]`. */
function sessionOf(tag: number, ...integer: readonly number[]): Buffer {
  const { length } = integer
  return Buffer.of(0x30, length + 4, tag, length + 2, 2, length, ...integer)
}

const FLAGS = 0xad
const GROUP = 0xb3

type Told = {
  readonly protocol?: string | null
  readonly suite?: string | null
  /** What `getEphemeralKeyInfo` tells; a server gets nothing. */
  readonly key?: object | null
  readonly session?: Buffer
}

const RSA = 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'
const AES13 = 'TLS_AES_128_GCM_SHA256'

/** A session of which node:tls tells this. */
function sessionTold({ protocol = 'TLSv1.2', suite = RSA, key = null, session }: Told): TLSSocket {
  return {
    getProtocol: () => protocol,
    getCipher: () => (suite === null ? undefined : { standardName: suite }),
    getEphemeralKeyInfo: () => key,
    getSession: () => session,
  } as unknown as TLSSocket
}

const NEW = { protocol: 'TLSv1.3', suite: AES13 }
const HYBRID = { ...NEW, key: { type: 'TLSGroup', name: 'X25519MLKEM768' } }
const DHE = 'TLS_DHE_RSA_WITH_AES_128_GCM_SHA256'
const BOUND = 'NORMAL:%FORCE_SESSION_HASH'
const NO_SECRET = /^TLS_NO_EXTENDED_MASTER_SECRET/

test.each<readonly [name: string, told: Told, priority: string, verdict: RegExp | 'allowed']>([
  ['what is usual', {}, 'NORMAL', 'allowed'],
  ['no version', { protocol: null }, 'NORMAL', /^TLS_FORBIDDEN_VERSION.*no version/],
  ['an unknown version', { protocol: 'TLSv1.4' }, 'NORMAL', /^TLS_FORBIDDEN_VERSION.*TLSv1\.4/],
  ['no suite', { suite: null }, 'NORMAL', /^TLS_FORBIDDEN_SUITE.*no suite/],
  ['an unknown suite', { suite: 'TLS_X' }, 'NORMAL', /^TLS_FORBIDDEN_SUITE.*TLS_X/],
  ['a suite of TLS 1.3 before it', { suite: AES13 }, 'NORMAL', /^TLS_FORBIDDEN_SUITE.*TLS1\.2/],
  ['a suite of TLS 1.2 after it', { ...NEW, suite: RSA }, 'NORMAL', /^TLS_FORBIDDEN_SUITE/],
  ['a prime as long as it has to be', dhe(3072), 'NORMAL:%PROFILE_HIGH', 'allowed'],
  ['a shorter prime', dhe(3071), 'NORMAL:%PROFILE_HIGH', /^TLS_FORBIDDEN_GROUP.*3071 bits/],
  ['a prime of no size', dhe(undefined), 'NORMAL:%PROFILE_HIGH', /a prime of 0 bits/],
  ['a prime of a group', dhe(3072, NEW), 'NORMAL:-GROUP-ALL:+GROUP-FFDHE3072', 'allowed'],
  ['a longer one than any group has', dhe(3073, NEW), 'NORMAL', /a prime of 3073 bits/],
  ['a prime as long as a curve', dhe(256, NEW), 'NORMAL', /a prime of 256 bits/],
  ['a curve by its name in OpenSSL', curve('prime256v1'), 'NORMAL', 'allowed'],
  ['that curve', curve('prime256v1'), 'NORMAL:-GROUP-SECP256R1', /FORBIDDEN_GROUP.*secp256r1/],
  ['a smaller curve', curve('prime192v1'), 'NORMAL', /FORBIDDEN_GROUP.*secp192r1/],
  ['another curve', curve('brainpoolP256r1'), 'NORMAL', /FORBIDDEN_GROUP.*brainpoolP256r1/],
  ['a hybrid', HYBRID, 'NORMAL:+GROUP-X25519-MLKEM768', 'allowed'],
  ['that hybrid', HYBRID, 'NORMAL', /FORBIDDEN_GROUP.*X25519MLKEM768/],
  ['a group by its number', { ...NEW, session: sessionOf(GROUP, 0x1d) }, 'NORMAL', 'allowed'],
  [
    'that group',
    { ...NEW, session: sessionOf(GROUP, 0x1d) },
    'NORMAL:-GROUP-X25519',
    /FORBIDDEN_GROUP.*x25519/i,
  ],
  [
    'an unknown number',
    { ...NEW, session: sessionOf(GROUP, 0, 0xfa, 0xfa) },
    'NORMAL',
    /FORBIDDEN_GROUP.*0xfafa/,
  ],
  ['a secret that is bound', { session: sessionOf(FLAGS, 1) }, BOUND, 'allowed'],
  ['one that is not', { session: sessionOf(FLAGS, 2) }, BOUND, NO_SECRET],
  ['one that is not, where it need not be', { session: sessionOf(FLAGS, 2) }, 'NORMAL', 'allowed'],
  ['one of which nothing is known', {}, BOUND, NO_SECRET],
  ['one of TLS 1.3', NEW, BOUND, 'allowed'],
])('a session is judged by: %s', (_, told, priority, verdict) => {
  const settings = tlsOptionsFor({ name: 'test', text: priority }, { role: 'client' })
  const said = verdictOf(() => checkNegotiated(sessionTold(told), settings))
  if (verdict === 'allowed') expect(said).toBe(verdict)
  else expect(said).toMatch(verdict)
})

function dhe(size: number | undefined, more: Told = { suite: DHE }): Told {
  return { ...more, key: { type: 'DH', size } }
}

function curve(name: string): Told {
  return { key: { type: 'ECDH', name, size: 256 } }
}

test('what was agreed upon is told by its registered names', () => {
  const settings = tlsOptionsFor({ name: 'test', text: 'NORMAL' }, { role: 'client' })
  const tell = (told: Told) => checkNegotiated(sessionTold(told), settings)
  expect(tell(curve('prime256v1'))).toEqual({ protocol: 'TLSv1.2', suite: RSA, group: 'secp256r1' })
  expect(tell(NEW)).toEqual({ protocol: 'TLSv1.3', suite: AES13 })
  expect(negotiatedGroup(sessionTold({ key: { type: 'ECDH' } }))).toBeUndefined()
  expect(
    negotiatedGroup(sessionTold({ key: { type: 'DH', name: 'x', size: 2048 } })),
  ).toBeUndefined()
  expect(negotiatedGroup(sessionTold({ key: { type: 'ECDH', name: 'X25519' } }))).toBe('x25519')
})

test.each([
  ['server', 'NORMAL:-CTYPE-CLI-ALL:+CTYPE-CLI-RAWPK', /^TLS_FORBIDDEN_CERTIFICATE/],
  ['client', 'NORMAL:-CTYPE-CLI-ALL:+CTYPE-CLI-RAWPK', /^allowed/],
  ['server', 'NORMAL:-CTYPE-CLI-ALL:+CTYPE-CLI-X509', /^allowed/],
  ['server', 'NORMAL:-CTYPE-CLI-ALL', /^allowed/],
] as const)('whether the peer of a %s may have an X.509 certificate: %s', (role, text, verdict) => {
  const settings = tlsOptionsFor({ name: 'test', text }, { role })
  expect(verdictOf(() => requireX509(settings))).toMatch(verdict)
})
