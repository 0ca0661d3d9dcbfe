/** SSH servers whose lists are made to keep an audit busy. */
import { expect, test } from 'vitest'
import type { ClearExchange } from '../../../src/audit/connection/clear-exchange.ts'
import { ExchangeEnded, type Failure } from '../../../src/audit/connection/failure.ts'
import { writeSshString, writeText } from '../../../src/audit/ssh/messages/data-types.ts'
import { decodeHostKey } from '../../../src/audit/ssh/messages/host-key.ts'
import {
  encodeKeyExchangeInit,
  type KeyExchangeInit,
} from '../../../src/audit/ssh/messages/key-exchange-init.ts'
import { encodePacket } from '../../../src/audit/ssh/messages/packet.ts'
import { scanSsh } from '../../../src/audit/ssh/scan-ssh.ts'
import type { SshScan } from '../../../src/audit/ssh-model.ts'
import { ByteWriter } from '../../../src/wire/byte-writer.ts'
import { ProtocolError } from '../../../src/wire/protocol-error.ts'
import { replayBytes } from '../flow.ts'
import { INIT } from './scripted-server.ts'

/**
 * Audits a server that offers this and closes the connection; counts the connections.
 *
 * @param failures Of questions that get no connection.
 */
async function audit(
  init: KeyExchangeInit,
  failures: ReadonlyMap<string, Failure> = new Map(),
): Promise<{ scan: SshScan; connections: number }> {
  const bytes = Buffer.concat([
    Buffer.from('SSH-2.0-x\r\n'),
    encodePacket(encodeKeyExchangeInit(init)),
  ])
  let connections = 0
  const scan = await scanSsh(async (claim, converse) => {
    connections++
    const failure = failures.get(claim)
    if (failure) return { isAnswered: false, failure }
    const exchange: ClearExchange = { ...replayBytes(bytes), random: (size) => Buffer.alloc(size) }
    try {
      return { isAnswered: true, value: await converse(exchange) }
    } catch (error) {
      if (!(error instanceof ExchangeEnded)) throw error
      return { isAnswered: false, failure: { failure: error.end } }
    }
  })
  return { scan, connections }
}

const names = (count: number) => Array.from({ length: count }, (_, at) => `a${at}`)

test('a list of very many names is refused, and costs one connection', async () => {
  for (const list of ['hostKeyAlgorithms', 'keyExchanges', 'ciphersToServer'] as const) {
    const { scan, connections } = await audit({ ...INIT, [list]: names(30_000) })
    expect(scan.offer).toMatchObject({ answer: 'unknown' })
    expect(connections).toBe(1)
  }
})

test('a name of very many characters is refused', async () => {
  const { scan } = await audit({ ...INIT, macsToClient: ['a'.repeat(200_000)] })
  expect(scan.offer).toMatchObject({ answer: 'unknown' })
})

test('types of keys that a server made up get few connections, and few words', async () => {
  const hostKeyAlgorithms = names(500)
  const { scan, connections } = await audit({
    ...INIT,
    hostKeyAlgorithms,
    keyExchanges: names(500),
  })
  expect(scan.offer).toMatchObject({ hostKeyAlgorithms })
  expect(scan.hostKeys).toHaveLength(500)
  expect(connections).toBeLessThanOrEqual(40)
  const [first] = scan.hostKeys
  const because = first && 'because' in first.key ? first.key.because : ''
  expect(because).toContain('a0, a1')
  expect(because.length).toBeLessThan(300)
  // The one of the first question was not shown either.
  expect(connections).toBe(1 + 32)
  const unasked = scan.hostKeys.slice(32)
  expect(unasked.map(({ key }) => key)).toEqual(
    Array(468).fill({ answer: 'unknown', because: 'not asked' }),
  )
})

test('of each key and of the prime it is told why its own question was not answered', async () => {
  const { scan } = await audit(
    {
      ...INIT,
      keyExchanges: ['curve25519-sha256', 'diffie-hellman-group-exchange-sha256'],
      hostKeyAlgorithms: ['ssh-ed25519', 'rsa-sha2-256', 'ecdsa-sha2-nistp256'],
    },
    new Map([
      ['ssh host key ssh-ed25519, smallest prime', { failure: 'timed-out' }],
      ['ssh host key ecdsa-sha2-nistp256', { failure: 'budget-spent' }],
    ]),
  )
  expect(scan.hostKeys.map(({ type, key }) => [type, key])).toEqual([
    ['ssh-ed25519', { answer: 'timed-out' }],
    ['ssh-rsa', { answer: 'refused', alert: null, name: null }],
    ['ecdsa-sha2-nistp256', { answer: 'unknown', because: 'budget spent' }],
  ])
  expect(scan.smallestPrime).toEqual({ answer: 'timed-out' })
})

test('a curve that is called like a property of every object is not known', () => {
  const curves = ['nistp256', 'constructor', 'toString', '__proto__']
  const [known, ...others] = curves.map((curve) => {
    const writer = writeText(writeText(new ByteWriter(), `ecdsa-sha2-${curve}`), curve)
    return writeSshString(writer, Buffer.alloc(65, 4)).finish()
  })
  expect(known && decodeHostKey(known).bits).toBe(256)
  for (const key of others) expect(() => decodeHostKey(key)).toThrow(ProtocolError)
})
