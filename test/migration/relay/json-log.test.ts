/** The log of a relay as JSON is what docs/schemas says. */
import { expect, test } from 'vitest'
import { expectValid } from '../../cli/json-output.ts'
import { connectPlain, listenPlain, readAll } from './plain-ends.ts'
import { startPairInProcess } from './relay-process.ts'

/** The events of a log, each held against its schema. */
function eventsOf(log: string): readonly string[] {
  const lines = log.split('\n').filter((line) => line.startsWith('{'))
  return lines.map((line) => {
    const event = JSON.parse(line) as { readonly event: string }
    expectValid('migrate-relay-log.v1.json', event)
    return event.event
  })
}

const JSON_LOG = ['--log', 'json']

test.each(['x509', 'psk'] as const)('a channel by %s, to its end', async (kind) => {
  const pair = await startPairInProcess({ kind, sourceArgs: JSON_LOG, destinationArgs: JSON_LOG })
  const qemu = await listenPlain(pair.exit)
  const guest = await connectPlain(pair.entry)
  guest.end('guest')
  const arrived = await qemu.next()
  expect(String(await readAll(arrived))).toBe('guest')
  arrived.end()
  const ends = ['relayed', 'left']
  expect(eventsOf(await pair.source.says('"left"'))).toEqual(['connected', 'reached', ...ends])
  const there = eventsOf(await pair.destination.says('"left"'))
  expect(there).toEqual(['connected', 'secured', 'reached', ...ends])
})

test('a channel that is refused', async () => {
  const pair = await startPairInProcess({
    sourceArgs: [...JSON_LOG, '--tls-hostname', 'other.example.com'],
    destinationArgs: JSON_LOG,
  })
  const guest = await connectPlain(pair.entry)
  guest.on('close', () => {}).resume()
  expect(eventsOf(await pair.source.says('"refused"'))).toEqual(['connected', 'refused'])
  const there = eventsOf(await pair.destination.says('"refused"'))
  expect(there.at(-1)).toBe('refused')
})
