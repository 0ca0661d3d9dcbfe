/** Real guests go from one QEMU to another through a pair of relays, and go on there. */
import { describe, expect } from 'vitest'
import { testWith } from '../../peers/peer.ts'
import { differingPages, type Guest, goOn, startGuest } from '../guest.ts'
import { QEMU } from '../qemu.ts'
import { type RelayPair, startPair } from './relay-process.ts'

type Move = {
  readonly kind: 'x509' | 'psk'
  /** Multifd channels beside the main one. */
  readonly channels: number
  readonly hasReturnPath: boolean
}

/** Moves a guest; gives what both sides say. */
async function move(
  source: Guest,
  destination: Guest,
  { entry, exit }: RelayPair,
  { channels, hasReturnPath }: Move,
): Promise<readonly string[]> {
  const capabilities = ['events', ...(channels > 0 ? ['multifd'] : [])]
  await destination.qmp.setCapabilities(capabilities)
  await source.qmp.setCapabilities([...capabilities, ...(hasReturnPath ? ['return-path'] : [])])
  const parameters = channels > 0 ? { 'multifd-channels': channels } : {}
  for (const { qmp } of [source, destination]) await qmp.run('migrate-set-parameters', parameters)
  await source.qmp.run('migrate-set-parameters', { 'max-bandwidth': 2 ** 40 })
  await destination.qmp.run('migrate-incoming', { uri: `unix:${exit}` })
  await source.qmp.run('migrate', { uri: `unix:${entry}` })
  return Promise.all([source.qmp.waitForMigration(), destination.qmp.waitForMigration()])
}

const CHOSEN: readonly Move[] = [
  { kind: 'x509', channels: 0, hasReturnPath: true },
  { kind: 'x509', channels: 4, hasReturnPath: false },
  { kind: 'psk', channels: 0, hasReturnPath: false },
  { kind: 'psk', channels: 2, hasReturnPath: true },
]

/** All of them: `npm run soak:relay`. */
function everyWay(): readonly Move[] {
  return (['x509', 'psk'] as const).flatMap((kind) =>
    [0, 2, 4].flatMap((channels) =>
      [true, false].map((hasReturnPath) => ({ kind, channels, hasReturnPath })),
    ),
  )
}

describe('a guest arrives whole, and goes on', () => {
  for (const way of process.env.EVERY_WAY ? everyWay() : CHOSEN) {
    const { kind, channels, hasReturnPath } = way
    const returnPath = hasReturnPath ? 'with return path' : 'without return path'
    testWith(QEMU, `${kind}, multifd ${channels}, ${returnPath}`, async () => {
      const pair = await startPair({ kind })
      const [source, destination] = await Promise.all([
        startGuest(),
        startGuest({ isIncoming: true }),
      ])
      expect(await move(source, destination, pair, way)).toEqual(['completed', 'completed'])
      expect(differingPages(source.memory(), destination.memory())).toEqual([])
      const before = source.letters().at(-1) ?? ''
      const after = await goOn(destination)
      expect(letterAfter(before)).toContain(after[0])
      await pair.destination.says(/left \(closed\)/)
      expect(pair.source.log().match(/reached/g)).toHaveLength(1 + channels)
    })
  }
})

/** The guest may have been stopped between its count and its letter. */
function letterAfter(letter: string): readonly string[] {
  const next = (code: number) => String.fromCharCode(97 + ((code - 97) % 16))
  const code = letter.charCodeAt(0)
  return [next(code + 1), next(code + 2)]
}
