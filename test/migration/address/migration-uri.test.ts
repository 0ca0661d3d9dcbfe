/** Places of migrations: read as QEMU reads them, QEMU being the judge. */
import { describe, expect, test } from 'vitest'
import {
  parseMigrationUri,
  printMigrationUri,
} from '../../../src/migration/address/migration-uri.ts'
import { testWith } from '../../peers/peer.ts'
import { QEMU, runMonitor } from '../qemu.ts'

describe('what each place means', () => {
  test.each([
    ['tcp:hvb.example.com:49152', { kind: 'tcp', host: 'hvb.example.com', port: 49_152 }],
    ['tcp::0', { kind: 'tcp', host: '', port: 0 }],
    ['tcp:[fe80::1%eth0]:65535', { kind: 'tcp', host: 'fe80::1%eth0', port: 65_535 }],
    ['tcp:h:1,ipv4', { kind: 'tcp', host: 'h', port: 1, family: 4 }],
    ['tcp:h:1,ipv4=off', { kind: 'tcp', host: 'h', port: 1, family: 6 }],
    ['tcp:h:1,ipv4=on,ipv6=on', { kind: 'tcp', host: 'h', port: 1 }],
    ['tcp:h:1,to=9,keep-alive', { kind: 'tcp', host: 'h', port: 1, lastPort: 9 }],
    ['unix:/run/a,server=on', { kind: 'unix', path: '/run/a,server=on' }],
    ['unix:relative', { kind: 'unix', path: 'relative' }],
    [`unix:/${'x'.repeat(106)}`, { kind: 'unix', path: `/${'x'.repeat(106)}` }],
    ['fd:3', { kind: 'fd', descriptor: 3 }],
    ['exec:cat > "a:b"', { kind: 'exec', command: 'cat > "a:b"' }],
    ['file:/a:b', { kind: 'file', path: '/a:b', offset: 0 }],
    ['file:/a,offset=0x10', { kind: 'file', path: '/a', offset: 16 }],
    ['file:/a,offset=1.5k', { kind: 'file', path: '/a', offset: 1536 }],
    ['file:/a,offset=4G', { kind: 'file', path: '/a', offset: 2 ** 32 }],
    ['file:/a,offset=9007199254740991', { kind: 'file', path: '/a', offset: 2 ** 53 - 1 }],
    ['file:/a,offset=.25M', { kind: 'file', path: '/a', offset: 262_144 }],
    ['file:/a,offset=.5K', { kind: 'file', path: '/a', offset: 512 }],
    ['file:/a,offset=2b', { kind: 'file', path: '/a', offset: 2 }],
    ['vsock:2:1234', { kind: 'vsock', cid: 2, port: 1234 }],
    ['vsock:4294967295:4294967295', { kind: 'vsock', cid: 2 ** 32 - 1, port: 2 ** 32 - 1 }],
    ['fd:2147483647', { kind: 'fd', descriptor: 2 ** 31 - 1 }],
    [`tcp:${'h'.repeat(64)}:1`, { kind: 'tcp', host: 'h'.repeat(64), port: 1 }],
  ])('%s', (text, uri) => expect(parseMigrationUri(text)).toEqual(uri))
})

/** Neither this program nor QEMU takes them. */
const REFUSED_BY_BOTH = [
  ...['tcp:', 'tcp:h', 'tcp:h:', 'tcp:[::1]', 'tcp:[]:1', 'tcp:h:1,ipv4=yes', 'tcp:h:1,to=x'],
  ...['unix:', 'fd:', 'fd:name', 'vsock:1', 'vsock:1:2,x', 'foo:bar', 'TCP:h:1', 'tcp//h:1', 'h:1'],
]

/** QEMU 7.2 takes them for what they are not, and fails later or ignores a part. */
const REFUSED_HERE = [
  ...['tcp:h:99999', 'tcp:h:1x', 'tcp:h: 1', 'tcp:h:1,unknown', 'tcp:h:1,ipv4,ipv4'],
  ...['tcp:[h]:1', 'tcp:a b:1', `tcp:${'h'.repeat(65)}:1`, 'tcp:::1:4444', 'tcp:h:1,to=65536'],
  ...['tcp:h:1,ipv4=off,ipv6=off', 'tcp:h:1,keep-alive=off', 'tcp:h:1,mptcp=on', 'vsock:x:2'],
  ...['exec:', 'exec:  ', 'file:', 'file:/a,offset=', 'file:/a,offset=-1', 'file:/a,offset=8E'],
  ...[
    'file:/a,offset=9007199254740992',
    'vsock:4294967296:1',
    'vsock:1:4294967296',
    'fd:2147483648',
    'unix:a\0b',
    '',
  ],
  `unix:/${'x'.repeat(107)}`,
]

test.each([...REFUSED_BY_BOTH, ...REFUSED_HERE])('%j is refused', (text) => {
  expect(() => parseMigrationUri(text)).toThrow(
    expect.objectContaining({
      diagnostics: [expect.objectContaining({ code: 'MIGRATION_URI_INVALID' })],
    }),
  )
})

/** What QEMU says of a URI that it cannot read; it says other things of one that leads nowhere. */
const UNREADABLE =
  /error parsing|invalid Unix socket|trailing characters|valid migration protocol|has not been found/

testWith(QEMU, 'QEMU refuses what is refused for both, and reads what is read here', async () => {
  const tell = async (uri: string) => {
    const printed = await runMonitor(['-machine', 'none'], [`migrate -d "${uri}"`, 'info migrate'])
    return UNREADABLE.test(printed)
  }
  for (const uri of REFUSED_BY_BOTH) expect([uri, await tell(uri)]).toEqual([uri, true])
  const nowhere = ['tcp:127.0.0.1:1', 'tcp:[::1]:1', 'tcp:127.0.0.1:1,ipv4', 'unix:/nowhere,a=b']
  for (const uri of [...nowhere, 'exec:false', 'vsock:1:2']) {
    expect([uri, await tell(uri)]).toEqual([uri, false])
    parseMigrationUri(uri)
  }
})

test.each([
  ['tcp:[::1]:5', '[::1]:5'],
  ['unix:/run/a', '/run/a'],
  ['fd:3', 'descriptor 3'],
  ['file:/a,offset=1K', '/a'],
  ['vsock:2:1', 'vsock:2:1'],
])('%s is told as %s', (text, told) => {
  expect(printMigrationUri(parseMigrationUri(text))).toBe(told)
})

test('a command is told without its words, which may hold a secret', () => {
  const uri = parseMigrationUri('exec: curl --token geheim')
  expect(printMigrationUri(uri)).toBe('the command curl')
})

test('a text that is no place is told without what follows its first word', () => {
  expect(() => parseMigrationUri('https://user:geheim@host')).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining('geheim') }),
  )
})
