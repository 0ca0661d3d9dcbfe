/** Recorded servers, without a network: what the audit made of them, and what it makes of broken ones. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { ClearExchange } from '../../../src/audit/connection/clear-exchange.ts'
import { ExchangeEnded } from '../../../src/audit/connection/failure.ts'
import { UPGRADES, upgradeOf } from '../../../src/audit/upgrades/all-upgrades.ts'
import { ProtocolError } from '../../../src/wire/protocol-error.ts'
import { fc } from '../../seed.ts'
import { type Flow, parseFlow, printFlow, replay, replayBytes } from '../flow.ts'

const FOLDER = join(import.meta.dirname, '../flows')

const FLOWS = readdirSync(FOLDER)
  .toSorted()
  .map((file) => {
    const [name = '', kind = ''] = file.split('.')
    const scheme = name === 'vnc-anonymous-only' ? 'vnc+anonymous' : (name.split('-')[0] ?? '')
    return { file, kind, scheme, text: readFileSync(join(FOLDER, file), 'utf8') }
  })

/** What is said in a flow of that kind. */
function conversation(scheme: string, kind: string): (exchange: ClearExchange) => Promise<unknown> {
  const upgrade = upgradeOf(scheme)
  const use = kind === 'begin' ? upgrade?.begin : upgrade?.tryClearText
  if (!use) throw new Error(`${scheme} has no ${kind}`)
  return (exchange) => use(exchange, { host: 'localhost' })
}

describe.each(FLOWS)('$file', ({ scheme, kind, text }) => {
  const flow: Flow = parseFlow(text)
  const use = conversation(scheme, kind)
  const received = Buffer.concat(
    flow.turns.flatMap(({ side, bytes }) => (side === '<' ? bytes : [])),
  )

  test('is understood as it was recorded', async () => {
    const server = replay(flow)
    expect(await use(server)).toEqual(flow.result)
    expect(server.unread()).toBe(0)
    expect(printFlow(flow)).toBe(text)
  })

  test('waits for more wherever it is cut', async () => {
    for (let length = 0; length < received.length; length++) {
      await expect(use(replayBytes(received.subarray(0, length)))).rejects.toThrow(ExchangeEnded)
    }
  })

  test('changed or random, it has an outcome, and crashes nothing', async () => {
    const changes = fc.tuple(fc.nat(), fc.nat(255), fc.uint8Array({ maxLength: 64 }))
    await fc.assert(
      fc.asyncProperty(changes, async ([at, value, tail]) => {
        const changed = Buffer.concat([received, tail])
        changed.writeUInt8(value, at % changed.length)
        for (const bytes of [changed, Buffer.from(tail)]) {
          const outcome = await use(replayBytes(bytes)).catch((error: unknown) => error)
          const isKnown = !(outcome instanceof Error) || outcome instanceof ProtocolError
          expect(isKnown || outcome instanceof ExchangeEnded, String(outcome)).toBe(true)
        }
      }),
    )
  })
})

test('a flow is there for every protocol that begins in clear', () => {
  const recorded = new Set(FLOWS.filter(({ kind }) => kind === 'begin').map(({ scheme }) => scheme))
  const clear = UPGRADES.filter(({ begin }) => begin.length > 0).map(({ scheme }) => scheme)
  expect(clear.filter((scheme) => !recorded.has(scheme) && scheme !== 'submission')).toEqual([])
})

/** Servers that go on and on: each is cut off within the bounds of its protocol. */
test.each(
  UPGRADES.filter(({ begin }) => begin.length > 0).map(
    (upgrade) => [upgrade.scheme, upgrade] as const,
  ),
)('%s does not read endlessly', async (_scheme, upgrade) => {
  for (const filler of ['x', '220-\n', '\0', '\xff', '<a>', '* OK\n']) {
    let read = 0
    const exchange: ClearExchange = {
      read: async (length) => {
        if (length > 0x100_0000) throw new Error(`${length} bytes are asked for at once`)
        read += length
        if (read > 0x400_0000) throw new Error('it reads on and on')
        return Buffer.alloc(length, filler, 'latin1')
      },
      write: async () => {},
      random: (length) => Buffer.alloc(length),
    }
    const outcome = await upgrade.begin(exchange, { host: 'h' }).catch((error: unknown) => error)
    const isKnown = !(outcome instanceof Error) || outcome instanceof ProtocolError
    expect(isKnown, `${filler}: ${outcome}`).toBe(true)
  }
})

test('XMPP: brackets that end no tag are not searched again and again', async () => {
  const text = '<'.padEnd(64 * 1024, '>')
  const before = process.threadCpuUsage()
  const begin = upgradeOf('xmpp')?.begin
  await expect(begin?.(replayBytes(Buffer.from(text)), { host: 'h' })).rejects.toThrow(
    ProtocolError,
  )
  // Processor time of this thread: to search all of it each time takes several seconds.
  expect(process.threadCpuUsage(before).user).toBeLessThan(2_000_000)
})
