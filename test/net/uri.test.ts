import { expect, test } from 'vitest'
import { parseAuthority, parseQuery, splitUri } from '../../src/net/uri.ts'

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
])('refuses the authority %s: %s', (authority, why) => {
  expect(() => parseAuthority(authority, refuse)).toThrow(why)
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
