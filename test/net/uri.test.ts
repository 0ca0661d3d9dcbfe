import { expect, test } from 'vitest'
import { decodePart, parseAuthority, parseQuery, splitUri } from '../../src/net/uri.ts'

/** RFC 3986, section 1.1.2 and appendix B. */
test.each([
  ['ftp://ftp.is.co.za/rfc/rfc1808.txt', ['ftp', 'ftp.is.co.za', '/rfc/rfc1808.txt', '']],
  [
    'ldap://[2001:db8::7]/c=GB?objectClass?one',
    ['ldap', '[2001:db8::7]', '/c=GB', 'objectClass?one'],
  ],
  ['mailto:John.Doe@example.com', ['mailto', undefined, 'John.Doe@example.com', '']],
  [
    'news:comp.infosystems.www.servers.unix',
    ['news', undefined, 'comp.infosystems.www.servers.unix', ''],
  ],
  ['telnet://192.0.2.16:80/', ['telnet', '192.0.2.16:80', '/', '']],
  [
    'urn:oasis:names:specification:docbook',
    ['urn', undefined, 'oasis:names:specification:docbook', ''],
  ],
  [
    'HTTP://www.ics.uci.edu/pub/ietf/uri/#Related',
    ['http', 'www.ics.uci.edu', '/pub/ietf/uri/', '', 'Related'],
  ],
  ['/pub/ietf', ['', undefined, '/pub/ietf', '']],
  ['unix:a\nb', ['unix', undefined, 'a\nb', '']],
])('cuts %j where the RFC does', (text, [scheme, authority, path, query, fragment]) => {
  expect(splitUri(text)).toEqual({ scheme, authority, path, query, fragment })
})

/** URLs of Node.js, read by another parser, which has a mind of its own about ports alone. */
test.each([
  'example.com',
  'example.com:7',
  'user@example.com:65535',
  'a%20b@example.com',
  '[::1]:9',
  '[2001:db8::7]',
  '127.0.0.1:1',
  ':5',
])('reads %s as URLs are read', (authority) => {
  const url = new URL(`other://${authority.startsWith(':') ? 'h' : ''}${authority}/`)
  const { user = '', host, port } = parseAuthority(authority, refuse)
  expect([user, host, port ?? '']).toEqual([
    decodeURIComponent(url.username),
    authority.startsWith(':') ? '' : url.hostname.replace(/^\[|\]$/g, ''),
    url.port === '' ? '' : Number(url.port),
  ])
})

test.each([
  ['h:0', 'there is no port 0'],
  ['h:65536', 'there is no port 65536'],
  ['h:99999999999999999999', 'there is no port 99999999999999999999'],
  ['h:80:90', 'HOST:PORT'],
  ['::1', 'HOST:PORT'],
  ['a@b@c', 'HOST:PORT'],
  ['[::1', 'HOST:PORT'],
  ['[localhost]', 'IPv6 address'],
  ['good%00.evil', 'control character'],
  ['good%0a.evil', 'control character'],
  ['h%zz', 'percent-encoded'],
  ['h%c3', 'percent-encoded'],
  ['good%20evil', 'control character'],
  ['good%7fevil', 'control character'],
  ['[::1%25]', 'IPv6 address'],
  ['[::1%25a/b]', 'IPv6 address'],
  ['[::1%25a b]', 'IPv6 address'],
  ['[]', 'IPv6 address'],
  ['[g::1]', 'IPv6 address'],
  ['[::1]x', 'HOST:PORT'],
  ['h:1a', 'HOST:PORT'],
])('refuses the authority %s: %s', (authority, why) => {
  expect(() => parseAuthority(authority, refuse)).toThrow(why)
})

test.each([
  ['', { host: '' }],
  ['h:', { host: 'h' }],
  ['h:1', { host: 'h', port: 1 }],
  ['h:65535', { host: 'h', port: 65_535 }],
  ['@h', { host: 'h' }],
  ['a%40b@h', { user: 'a@b', host: 'h' }],
  ['[fe80::1%25eth0]:7', { host: 'fe80::1%eth0', port: 7 }],
  ['[FE80::1%25en-0.1_a]', { host: 'FE80::1%en-0.1_a' }],
  ['[::ffff:192.0.2.1]', { host: '::ffff:192.0.2.1' }],
  ['a%21b', { host: 'a!b' }],
])('reads the authority %j', (authority, parts) => {
  expect(parseAuthority(authority, refuse)).toEqual(parts)
})

test('a part that cannot be decoded shows no password', () => {
  expect(() => decodePart('user:S3CR3T%zz', refuse)).toThrow(/^`user:\*\*\*`/)
  expect(() => decodePart('%zz', refuse)).toThrow('`%zz`')
  expect(decodePart('%C3%BC', refuse)).toBe('ü')
})

test('a parameter that is not known is told with the one that may be meant', () => {
  const hints: unknown[] = []
  const tell = (why: string, hint?: string): never => {
    hints.push(hint)
    throw new Error(why)
  }
  expect(() => parseQuery('socke=1', ['socket'], tell)).toThrow('socke')
  expect(hints).toEqual([expect.stringContaining('socket')])
  expect(() => parseQuery('=1', ['socket'], tell)).toThrow('unknown parameter ``')
  expect([...parseQuery('', ['socket'], tell)]).toEqual([])
})

test('gives the parameters of a query, decoded once', () => {
  const found = parseQuery('a=1%2525&&b=x=y&c', ['a', 'b', 'c'], refuse)
  expect([...found]).toEqual([
    ['a', '1%25'],
    ['b', 'x=y'],
    ['c', ''],
  ])
})

test.each([
  ['a=1&%61=2', 'it has `a` twice'],
  ['socke=1', 'unknown parameter `socke`'],
  ['a=%e4', 'percent-encoded'],
])('refuses the query %s: %s', (query, why) => {
  expect(() => parseQuery(query, ['a', 'socket'], refuse)).toThrow(why)
})

function refuse(why: string): never {
  throw new Error(why)
}
