import { existsSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { DiagnosticError } from '../../../src/diagnostics/diagnostic.ts'
import { NbdClient } from '../../../src/nbd/client/nbd-client.ts'
import { looksLikeUri, parseNbdUri } from '../../../src/nbd/client/nbd-uri.ts'
import { printAddress } from '../../../src/net/address.ts'
import { scratchFolder } from '../../cli/command.ts'
import { spawnSync } from '../../peers/child-process.ts'
import { testWith } from '../../peers/peer.ts'
import { fc } from '../../seed.ts'
import { startNbdkit } from '../nbd-servers.ts'

test.each([
  ['nbd://example.com/disk', 'example.com:10809', 'disk'],
  ['nbd://example.com/', 'example.com:10809', ''],
  ['nbd://example.com', 'example.com:10809', ''],
  ['nbd://example.com//disk', 'example.com:10809', '/disk'],
  ['nbd://example.com/hello%20world', 'example.com:10809', 'hello world'],
  ['nbd://example.com/a/b%2fc', 'example.com:10809', 'a/b/c'],
  ['NBDS://example.com:10810/d', 'example.com:10810', 'd'],
  ['nbd://[::1]:10810/d', '[::1]:10810', 'd'],
  ['nbd://[fe80::1%25eth0]/d', '[fe80::1%eth0]:10809', 'd'],
  ['nbd:///d', 'localhost:10809', 'd'],
  ['nbd+unix:///disk?socket=/run/nbd.sock', '/run/nbd.sock', 'disk'],
  ['nbds+unix:///?socket=nbd%20.sock', 'nbd .sock', ''],
  ['nbd+unix:///?socket=%00abstract', '@abstract', ''],
  ['nbd://example.com/%C3%A4', 'example.com:10809', 'ä'],
])('%s', (text, address, name) => {
  const uri = parseNbdUri(text)
  expect([printAddress(uri.address), uri.exportName]).toEqual([address, name])
})

test.each([
  ['nbd', false],
  ['nbds', true],
])('%s requires TLS: %s', (scheme, isRequired) => {
  expect(parseNbdUri(`${scheme}://h/`).tls).toEqual({ isRequired })
  expect(parseNbdUri(`${scheme}+unix:///?socket=s`).tls).toEqual({ isRequired })
})

test('says what it wants of TLS', () => {
  const uri = 'nbds://alice@h/?tls-hostname=x.example&tls-certificates=/pki&tls-verify-peer=0'
  expect(parseNbdUri(uri).tls).toEqual({
    ...{ isRequired: true, hostname: 'x.example', username: 'alice' },
    ...{ certificates: '/pki', verifyPeer: false },
  })
  const shared = parseNbdUri('nbds://h/?tls-psk-file=/k/keys.psk&tls-username=bob&tls-type=psk').tls
  expect(shared).toEqual({ isRequired: true, username: 'bob', pskFile: '/k/keys.psk', type: 'psk' })
})

test.each([
  ['nbd://h/', true],
  ['NBDS://h/', true],
  ['nbd+unix:///?socket=/s', true],
  ['nbds+unix:/s', true],
  ['nbd:unix:/s', true],
  ['nbd+vsock://2/', true],
  ['nbdx://h/', true],
  ['nbd', false],
  ['nbd.img', false],
  ['nbdx:h', false],
  ['./nbd://h/', false],
  ['/nbd:', false],
  ['http://h/', false],
  ['', false],
])('%s is meant as an URI: %s', (text, expected) => {
  expect(looksLikeUri(text)).toBe(expected)
})

test.each([
  ['0', false],
  ['false', false],
  ['1', true],
  ['true', true],
])('tls-verify-peer=%s means %s', (text, verifyPeer) => {
  const uri = `nbds://h/?tls-verify-peer=${text}`
  expect(parseNbdUri(uri).tls).toEqual({ isRequired: true, verifyPeer })
})

test('a user has one name, wherever it stands', () => {
  const both = parseNbdUri('nbds://alice@h/?tls-username=alice')
  expect(both.tls).toEqual({ isRequired: true, username: 'alice' })
  for (const type of ['x509', 'psk', 'anon'] as const) {
    expect(parseNbdUri(`nbds://h/?tls-type=${type}`).tls.type).toBe(type)
  }
})

test('a password in an URI is in no message, and a name may have 4096 bytes', () => {
  expect(parseNbdUri('nbd://alice:secret@h/').text).not.toContain('secret')
  expect(() => parseNbdUri('nbd://alice:secret@h/?x=1')).not.toThrow(/secret/)
  expect(() => parseNbdUri('nbd://alice:secret@h/?x=1')).toThrow('an unknown parameter `x`')
  expect(parseNbdUri(`nbd://h/${'x'.repeat(4096)}`).exportName).toHaveLength(4096)
  expect(parseNbdUri(`nbd://h/${'%C3%A9'.repeat(2048)}`).exportName).toHaveLength(2048)
})

describe('is refused', () => {
  test.each([
    ['http://h/', 'its scheme is none of'],
    ['nbd+vsock://2/', 'its scheme is none of'],
    ['disk.img', 'its scheme is none of'],
    ['nbd+unix:///disk', 'it needs ?socket=PATH'],
    ['nbd://h/?socket=/s', 'a socket needs the scheme nbd+unix'],
    ['nbd://h:0/', 'there is no port 0'],
    ['nbd://h:65536/', 'there is no port 65536'],
    ['nbd://::1/', 'not HOST or HOST:PORT'],
    ['nbd://[evil]/', 'brackets hold an IPv6 address'],
    ['nbd://h/a%00b', 'the name of its export has a NUL'],
    ['nbd://h/%ff', 'not percent-encoded UTF-8'],
    ['nbd://h/%zz', 'not percent-encoded UTF-8'],
    [`nbd://h/${'x'.repeat(4097)}`, 'longer than 4096 bytes'],
    ['nbd://h/a#b', 'it has a fragment'],
    ['nbd://h/?tls-hostnam=x', 'an unknown parameter `tls-hostnam`'],
    ['nbd://h/?tls-hostname=x&tls-hostname=y', 'it has `tls-hostname` twice'],
    ['nbd://h/?tls-type=tls', '`tls-type` is `tls`'],
    ['nbds://alice@h/?tls-username=bob', 'it names two users'],
    [`nbd://h/${'%C3%A9'.repeat(2048)}x`, 'longer than 4096 bytes'],
    ['nbd:unix:/s:exportname=a\0b', 'the name of its export has a NUL'],
    ['nbd:unix:/s\0', 'its socket has a NUL'],
    ['nbd+unix:///?socket=a%00b', 'its socket has a NUL'],
    ['nbd+unix:///?socket=', 'it needs ?socket=PATH'],
    ['nbd:h/d', 'is neither HOST:PORT nor unix:PATH'],
    ['nbds:h', 'what has to stand behind nbds: is //'],
    ['nbd:h:0', 'there is no port 0'],
    ['nbd:h:65536', 'there is no port 65536'],
    ['nbd:h:nosuchservice', 'there is no port nosuchservice'],
    ['nbd:alice:secret@h', 'what should be its port has an @'],
    ['nbd:h:1:exportname=', 'no name stands behind :exportname='],
    ['nbd:unix:', 'no path stands behind nbd:unix:'],
    ['nbd://h/?tls-verify-peer=maybe', '`tls-verify-peer` is `maybe`'],
  ])('%s', (text, words) => {
    expect(() => parseNbdUri(text)).toThrow(words)
  })
})

describe('addresses of QEMU', () => {
  test.each([
    ['nbd:unix:/run/x.sock', '/run/x.sock', ''],
    ['nbd:unix:/a:foo', '/a:foo', ''],
    ['nbd:unix:/a%20b.sock', '/a%20b.sock', ''],
    ['nbd:unix:/a?b#c:exportname=a:b', '/a?b#c', 'a:b'],
    ['nbd:unix:/a:exportname=x:exportname=y', '/a', 'x:exportname=y'],
    ['nbd:192.0.2.7:10810:exportname=d', '192.0.2.7:10810', 'd'],
    ['nbd:h:1:exportname=a%20b?x#y', 'h:1', 'a%20b?x#y'],
    ['nbd:[::1]:1', '[::1]:1', ''],
    ['nbd:h:65535', 'h:65535', ''],
    [`nbd:h:1:exportname=${'x'.repeat(4096)}`, 'h:1', 'x'.repeat(4096)],
  ])('%s', (text, address, name) => {
    const uri = parseNbdUri(text)
    expect([printAddress(uri.address), uri.exportName]).toEqual([address, name])
    expect(uri.tls).toEqual({ isRequired: false })
  })

  test.each([
    ...['nbd:', 'nbd:/d', 'nbd:127.0.0.1', 'nbd:127.0.0.1:', 'nbd::1', 'nbd:[::1]', 'nbd:unix:'],
    ...['nbd:h:1x', 'nbd:h:1:foo', 'nbd:h:1:exportname=', 'nbd:h:65536', 'nbd:h:1,ipv4=on'],
    ...['nbd:h:1:exportname=a://b', 'nbds:h:1', 'NBD:h:1', 'nbd+unix:?socket=/s', 'nbd+unix:/s'],
  ])('%s is refused', (text) => {
    expect(() => parseNbdUri(text)).toThrow(`is no NBD URI`)
  })

  test.skipIf(!existsSync('/etc/services'))('name a service in place of a port', () => {
    const { address } = parseNbdUri('nbd:127.0.0.1:ssh')
    expect(printAddress(address)).toBe('127.0.0.1:22')
    // Another name of a service, and one that is of no TCP service.
    expect(printAddress(parseNbdUri('nbd:127.0.0.1:www').address)).toBe('127.0.0.1:80')
    for (const name of ['tftp', 'ss', 'ssh ', '22/tcp', '#', 'tcp']) {
      expect(() => parseNbdUri(`nbd:h:${name}`), name).toThrow('there is no port')
    }
  })

  testWith('qemu-img', 'lead where they lead qemu-img', async () => {
    const folder = scratchFolder()
    await startNbdkit(['memory', '1M'], join(folder, 'plain.sock'))
    const socket = join(folder, 'a%20b:c.sock')
    symlinkSync('plain.sock', socket)
    const size = (text: string) =>
      JSON.parse(
        spawnSync('qemu-img', ['info', '--output=json', text], {
          timeout: 60_000,
        }).stdout.toString(),
      )['virtual-size']
    const name = `nbd:unix:${socket}:exportname=a:b`
    const { address, exportName } = parseNbdUri(name)
    const client = await NbdClient.connect(address, exportName, { tls: { mode: 'off' } })
    expect([client.info.size, exportName]).toEqual([size(name), 'a:b'])
    await client.disconnect()
  })
})

test('any text is read or refused in words', () => {
  const texts = fc.oneof(
    fc.string(),
    fc.string().map((text) => `nbd://${text}`),
    fc.webUrl(),
  )
  const property = fc.property(texts, (text) => {
    try {
      parseNbdUri(text)
    } catch (error) {
      expect(error).toBeInstanceOf(DiagnosticError)
    }
  })
  fc.assert(property, { numRuns: 500 })
})
