/** Channels that come while a relay has no place for them wait, whatever they have said and ended meanwhile. */
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { PATIENCE } from '../../../src/endpoint/newcomers.ts'
import { startNbdkit } from '../../nbd/nbd-servers.ts'
import { testWith } from '../../peers/peer.ts'
import { connectPlain, listenPlain, readAll } from './plain-ends.ts'
import { type PairOptions, type RelayPair, startPair } from './relay-process.ts'

const COUNT = 20

/** The log of both relays, when as many channels as came at once have got their answers. */
async function carryAtOnce(options: PairOptions): Promise<string> {
  const pair = await startPair(options)
  const target = await listenPlain(pair.exit)
  const words = Array.from({ length: COUNT }, (_, index) => `channel ${index}`)
  const answers = Promise.all(words.map((word) => talk(pair, word)))
  for (const _ of words) {
    const far = await target.next()
    far.end(`answer to ${await readAll(far)}`)
  }
  expect(await answers).toEqual(words.map((word) => `answer to ${word}`))
  return pair.source.log() + pair.destination.log()
}

/** Its direction ends before its turn comes. */
async function talk({ entry }: RelayPair, word: string): Promise<string> {
  const near = await connectPlain(entry)
  near.end(word)
  return String(await readAll(near))
}

testWith(
  'prlimit',
  'channels beyond the descriptors wait, and none is dropped',
  async () => {
    const log = await carryAtOnce({ wrapper: 'exec prlimit --nofile=100:100 "$@"' })
    expect(log).not.toMatch(/EMFILE|too many open files|ended:/)
  },
  240_000,
)

test('with one place, channels wait for it', async () => {
  const one = ['--channels', '1']
  expect(await carryAtOnce({ sourceArgs: one, destinationArgs: one })).not.toContain('ended:')
}, 240_000)

testWith(
  'nbdkit',
  'a client of NBD that waits is no stranger: it is silent until its server has greeted it',
  async () => {
    const pair = await startPair({
      sourceArgs: ['--nbd', '--channels', '1'],
      destinationArgs: ['--nbd'],
      wrapper: 'exec prlimit --nofile=100:100 "$@"',
    })
    await startNbdkit(['memory', '1M'], pair.exit)
    const first = await connectPlain(pair.entry)
    expect(await greetingOf(first)).toBe('NBDMAGIC')
    const second = await connectPlain(pair.entry)
    await delay(2 * PATIENCE)
    // More than can wait.
    for (let count = 0; count < 60; count++) await connectPlain(pair.entry)
    await pair.source.says('clients wait already')
    first.destroy()
    expect(await greetingOf(second)).toBe('NBDMAGIC')
  },
  240_000,
)

/** The first bytes that an NBD server says. */
async function greetingOf(client: Socket): Promise<string> {
  let said = ''
  for await (const part of client.iterator({ destroyOnReturn: false })) {
    said += part
    if (said.length >= 8) break
  }
  return said.slice(0, 8)
}
