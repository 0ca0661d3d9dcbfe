import { Duplex, duplexPair } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { connect as connectTls, createSecureContext } from 'node:tls'
import { describe, expect, onTestFinished, test } from 'vitest'
import { LiveCredentials } from '../../../src/tls/credentials/credentials.ts'
import type { CredentialsGeneration } from '../../../src/tls/credentials/credentials-generation.ts'
import { HandshakeTurns } from '../../../src/tls/credentials/handshake-turns.ts'
import { tlsOptionsFor } from '../../../src/tls/tls-options.ts'
import { refusal } from '../../diagnostic-code.ts'
import { SERVER } from '../objects/folder.ts'

/** Longer than any test. */
const LONG = 3_600_000

function connectionFrom(remoteAddress?: string): Duplex {
  return Object.assign(new Duplex({ read() {}, write() {} }), { remoteAddress })
}

/** Fails as many handshakes of an address as have a turn. */
async function useUp(turns: HandshakeTurns, address?: string): Promise<void> {
  const fail = () => Promise.reject(new Error('refused'))
  const failures = Array.from({ length: 4 }, () => turns.run(connectionFrom(address), fail))
  const results = await Promise.allSettled(failures)
  expect(results.map(({ status }) => status)).toEqual(Array(4).fill('rejected'))
}

/** Whether the next handshake of an address begins. */
async function begins(turns: HandshakeTurns, address?: string): Promise<boolean> {
  let hasBegun = false
  const connection = connectionFrom(address)
  const run = turns.run(connection, async () => {
    hasBegun = true
  })
  await setImmediate()
  connection.destroy()
  await run
  return hasBegun
}

test('an address whose handshakes failed waits, and no other does', async () => {
  const turns = new HandshakeTurns(LONG)
  await useUp(turns, '192.0.2.1')
  expect(await begins(turns, '192.0.2.1')).toBe(false)
  expect(await begins(turns, '::ffff:192.0.2.1')).toBe(false)
  expect(await begins(turns, '192.0.2.2')).toBe(true)
  expect(await begins(turns)).toBe(true)
})

test('an IPv6 network of 64 bits counts as one address', async () => {
  const turns = new HandshakeTurns(LONG)
  await useUp(turns, '2001:db8:0:1::1')
  expect(await begins(turns, '2001:db8:0:1:ffff::2')).toBe(false)
  expect(await begins(turns, '2001:db8:0:2::1')).toBe(true)
})

test('failures are forgotten, and addresses with them', async () => {
  const turns = new HandshakeTurns(1)
  await useUp(turns, '192.0.2.1')
  await turns.run(connectionFrom('192.0.2.1'), async () => {})
  while (turns.addressCount > 0) await new Promise((resolve) => setTimeout(resolve, 1))
  expect(await begins(turns, '192.0.2.1')).toBe(true)
})

test('good handshakes give their turn to those that wait, in order', async () => {
  const turns = new HandshakeTurns(LONG)
  const begun: number[] = []
  const runs = Array.from({ length: 40 }, (_, number) =>
    turns.run(connectionFrom('192.0.2.1'), async () => {
      begun.push(number)
      await setImmediate()
      return number
    }),
  )
  expect(await Promise.all(runs)).toEqual(begun)
  expect(begun).toEqual(Array.from({ length: 40 }, (_, number) => number))
  expect(turns.addressCount).toBe(0)
})

test('a connection that closes while it waits leaves the line', async () => {
  const turns = new HandshakeTurns(LONG)
  const ends: (() => void)[] = []
  const wait = () => new Promise<void>((resolve) => void ends.push(resolve))
  const running = Array.from({ length: 4 }, () => turns.run(connectionFrom('192.0.2.1'), wait))
  const leaving = connectionFrom('192.0.2.1')
  const left = turns.run(leaving, () => Promise.reject(new Error('it has left')))
  const staying = turns.run(connectionFrom('192.0.2.1'), async () => 'stayed')
  leaving.destroy()
  expect(await left).toBe(undefined)
  for (const end of ends) end()
  await Promise.all(running)
  expect(await staying).toBe('stayed')
})

test('a good handshake forgets no failed one of its address', async () => {
  const turns = new HandshakeTurns(LONG)
  const address = '192.0.2.1'
  const fail = () => Promise.reject(new Error('refused'))
  for (let number = 0; number < 3; number++) {
    await expect(turns.run(connectionFrom(address), fail)).rejects.toThrow('refused')
    await turns.run(connectionFrom(address), async () => {})
  }
  expect(turns.addressCount).toBe(1)
  await expect(turns.run(connectionFrom(address), fail)).rejects.toThrow('refused')
  expect(await begins(turns, address)).toBe(false)
})

test('one that waits begins when the failure of another is forgotten', async () => {
  const turns = new HandshakeTurns(1)
  const fail = () => Promise.reject(new Error('refused'))
  const failing = Array.from({ length: 4 }, () => turns.run(connectionFrom('192.0.2.1'), fail))
  const waiting = turns.run(connectionFrom('192.0.2.1'), async () => 'begun')
  await Promise.allSettled(failing)
  expect(await waiting).toBe('begun')
})

test.each([
  // An address within a link, of which node:net tells the link.
  ['fe80::1%eth0', 'fe80::1%eth1', true],
  ['fe80::1%eth0', 'fe80::1%eth0', false],
  ['::ffff:192.0.2.1', '::ffff:192.0.2.2', true],
  ['::ffff:192.0.2.1', '::fffe:192.0.2.1', true],
  ['::1', '::2', false],
  ['2001:db8::1', '2001:db8:0:0:8000::', false],
  ['2001:db8::1', '2001:db8:0:1::1', true],
])('failures of %s let %s begin: %s', async (failing, other, expected) => {
  const turns = new HandshakeTurns(LONG)
  await useUp(turns, failing)
  expect(await begins(turns, other)).toBe(expected)
})

describe('a server', () => {
  const settings = tlsOptionsFor({ name: 'test', text: 'NORMAL:+ANON-ECDH' }, { role: 'server' })
  const context = createSecureContext({ key: SERVER.key, cert: SERVER.certificate })

  function serverWith(more: object): LiveCredentials {
    const generation = {
      ...{ kind: 'x509', endpoint: 'server', verifyPeer: true, settings, context },
      ...{ isVerifiedByOpenssl: true, sendsTickets: false, ownCertificates: [], authorities: [] },
      ...{ revocationLists: [], ...more },
    } as unknown as CredentialsGeneration
    return new LiveCredentials('s', () => generation)
  }

  /** A connection from an address that speaks no TLS, and the refusal of it. */
  function strange(server: LiveCredentials, remoteAddress: string) {
    const [near, far] = duplexPair()
    onTestFinished(() => void near.destroy())
    Object.assign(far, { remoteAddress }).on('error', () => {})
    near.write('GET / HTTP/1.0\r\n\r\n')
    return { far, ended: server.accept(far).catch((error: unknown) => error) }
  }

  test.each([
    ['that OpenSSL verifies for', '192.0.2.101', {}, true],
    ['that verifies by itself', '192.0.2.102', { isVerifiedByOpenssl: false }, false],
    ['that verifies no client', '192.0.2.103', { verifyPeer: false }, false],
    ['without certificates', '192.0.2.104', { kind: 'anon' }, false],
    ['of shared keys', '192.0.2.105', { kind: 'psk' }, false],
  ])('%s lets %s wait after failures: %o %s', async (_, address, more, waits) => {
    const server = serverWith(more)
    for (let count = 0; count < 4; count++) {
      expect(await strange(server, address).ended).toEqual(refusal('TLS_HANDSHAKE_FAILED'))
    }
    const next = strange(server, address)
    for (let turn = 0; waits && turn < 20; turn++) await setImmediate()
    if (waits) next.far.destroy()
    const code = waits ? 'TLS_CONNECTION_CLOSED' : 'TLS_HANDSHAKE_FAILED'
    expect(await next.ended).toEqual(refusal(code))
  })

  test.each([
    ['TLSv1.3', true, true],
    ['TLSv1.2', true, false],
    ['TLSv1.3', false, false],
  ] as const)('of %s tells that it sent tickets: %s, %s', async (version, sendsTickets, told) => {
    const server = serverWith({ sendsTickets, verifyPeer: false })
    const [near, far] = duplexPair()
    onTestFinished(() => void near.destroy())
    const versions = { minVersion: version, maxVersion: version } as const
    const options = { ...versions, ecdhCurve: 'P-256', rejectUnauthorized: false }
    connectTls({ socket: near, ...options }).on('error', () => {})
    expect((await server.accept(far)).sentTickets).toBe(told)
  })
})
