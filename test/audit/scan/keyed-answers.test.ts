/** Answers that are changed under the right keys: they are read or refused, and crash nothing. */
import { expect, test } from 'vitest'
import { ExchangeEnded } from '../../../src/audit/connection/failure.ts'
import { ProtocolError } from '../../../src/wire/protocol-error.ts'
import {
  type Change,
  newerServer,
  OLDER_CHOICES,
  olderServer,
  readNewer,
  readOlder,
} from '../../fuzz/keyed-server.ts'
import { Random } from '../../fuzz/random.ts'
import { SEED } from '../../seed.ts'

const unchanged: Change = (bytes) => bytes

test('unchanged, they are read to the end', async () => {
  expect(await readNewer(newerServer(unchanged, unchanged))).toBe(1)
  for (const choice of OLDER_CHOICES) {
    expect(await readOlder(olderServer(choice, unchanged, unchanged), choice)).toBe(true)
  }
})

test('SSL 3.0 is not computed with, though its ciphers are those of TLS 1.0', async () => {
  const choice = { version: 0x0300, suite: 0xc013 }
  expect(await readOlder(olderServer(choice, unchanged, unchanged), choice)).toBe(false)
})

test('none is read that has a byte too many', async () => {
  const readings: readonly ((change: Change) => Promise<unknown>)[] = [
    (change) => readNewer(newerServer(change, unchanged)),
    ...OLDER_CHOICES.map(
      (choice) => (change: Change) => readOlder(olderServer(choice, change, unchanged), choice),
    ),
  ]
  for (const read of readings) {
    let count = 0
    await read((bytes) => {
      count++
      return bytes
    })
    expect(count).toBeGreaterThan(1)
    for (let longer = 0; longer < count; longer++) {
      let at = 0
      const change: Change = (bytes) =>
        at++ === longer ? Buffer.concat([bytes, Buffer.of(0)]) : bytes
      await expect(read(change), `message ${longer}`).rejects.toThrow(ProtocolError)
    }
  }
})

test('every one of them has an end', async () => {
  const random = new Random(SEED)
  const change: Change = (bytes) => {
    const changed = Buffer.from(bytes)
    const at = random.below(bytes.length)
    changed.writeUInt8(random.below(256), at)
    return random.below(3) > 0 ? changed : changed.subarray(0, at)
  }
  for (let count = 0; count < 150; count++) {
    const choice = random.pick(OLDER_CHOICES)
    for (const reading of [
      readNewer(newerServer(change, unchanged)),
      readNewer(newerServer(unchanged, change)),
      readOlder(olderServer(choice, change, unchanged), choice),
      readOlder(olderServer(choice, unchanged, change), choice),
    ]) {
      const outcome = await reading.catch((error: unknown) => error)
      const isKnown = outcome instanceof ProtocolError || outcome instanceof ExchangeEnded
      expect(isKnown || !(outcome instanceof Error), String(outcome)).toBe(true)
    }
  }
})
