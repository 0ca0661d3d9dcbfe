/** Places of migrations in the words of newer releases, held against the URIs that mean the same. */
import { expect, test } from 'vitest'
import { parseMigrationUri } from '../../../src/migration/address/migration-uri.ts'
import { readPlace } from '../../../src/monitor/commands/migration-place.ts'
import { execFileSync } from '../../peers/child-process.ts'

type Address = NonNullable<Parameters<typeof readPlace>[0]['channels']>[number]['addr']

const read = (addr: Address) => readPlace({ channels: [{ 'channel-type': 'main', addr }] })

const inet = (host: string, options: object = {}): Address =>
  ({ transport: 'socket', type: 'inet', host, port: '5', ...options }) as Address

const SAME: readonly (readonly [Address, string])[] = [
  [inet('192.0.2.1'), 'tcp:192.0.2.1:5'],
  [inet('2001:db8::1'), 'tcp:[2001:db8::1]:5'],
  [inet(''), 'tcp::5'],
  [inet('h', { to: 7 }), 'tcp:h:5,to=7'],
  [inet('h', { ipv4: true }), 'tcp:h:5,ipv4=on'],
  [inet('h', { ipv4: false }), 'tcp:h:5,ipv4=off'],
  [inet('h', { ipv6: true }), 'tcp:h:5,ipv6=on'],
  [inet('h', { ipv6: false }), 'tcp:h:5,ipv6=off'],
  [inet('h', { to: 7, ipv4: false, ipv6: true }), 'tcp:h:5,to=7,ipv4=off,ipv6=on'],
  [{ transport: 'socket', type: 'unix', path: '/run/m' }, 'unix:/run/m'],
  [{ transport: 'socket', type: 'unix', path: '/run/m', abstract: false }, 'unix:/run/m'],
  [{ transport: 'socket', type: 'vsock', cid: '3', port: '5' }, 'vsock:3:5'],
  [{ transport: 'socket', type: 'fd', str: '7' }, 'fd:7'],
  [{ transport: 'file', filename: '/var/g', offset: 512n }, 'file:/var/g,offset=512'],
]

for (const [address, uri] of SAME) {
  test(`a channel is what ${uri} is`, () => {
    expect(read(address)).toEqual(parseMigrationUri(uri))
    expect(readPlace({ uri })).toEqual(parseMigrationUri(uri))
  })
}

/** By the judgement of a shell. */
test('the words of a command reach it as they are', () => {
  const words = ['a b', "it's", '$HOME', '"', '\\', '', "''", '*', 'x;y', '\n.']
  const place = read({ transport: 'exec', args: ['printf', '%s|', ...words] })
  if (place.kind !== 'exec') throw new Error('it is no command')
  expect(execFileSync('sh', ['-c', place.command])).toBe(words.map((word) => `${word}|`).join(''))
})
