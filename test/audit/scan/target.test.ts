/** What is to be audited, as users write it: RFC 3986, RFC 6066 section 3. */
import { expect, test } from 'vitest'
import { SCHEMES, schemeOfPort } from '../../../src/audit/scan/schemes.ts'
import { parseTarget } from '../../../src/audit/scan/target.ts'

const parse = (text: string) => parseTarget(text, SCHEMES, schemeOfPort)

function messageOf(text: string): string {
  try {
    parse(text)
  } catch (error) {
    return String(error)
  }
  return 'it is one'
}

test.each<[string, string, string, number, string | undefined]>([
  ['host.example:443', 'tls', 'host.example', 443, 'host.example'],
  ['host.example:8443/', 'tls', 'host.example', 8443, 'host.example'],
  ['host.example:25', 'smtp', 'host.example', 25, 'host.example'],
  ['tls://host.example:25', 'tls', 'host.example', 25, 'host.example'],
  ['smtp://host.example', 'smtp', 'host.example', 25, 'host.example'],
  ['SMTP://host.example:2525', 'smtp', 'host.example', 2525, 'host.example'],
  ['ssh://host.example', 'ssh', 'host.example', 22, 'host.example'],
  ['host.example:22', 'ssh', 'host.example', 22, 'host.example'],
  ['192.0.2.1:443', 'tls', '192.0.2.1', 443, undefined],
  ['[2001:db8::1]:443', 'tls', '2001:db8::1', 443, undefined],
  ['127.1:443', 'tls', '127.1', 443, undefined],
  ['0x7f000001:443', 'tls', '0x7f000001', 443, undefined],
  ['0X7F.0xa:443', 'tls', '0X7F.0xa', 443, undefined],
  ['2130706433:443', 'tls', '2130706433', 443, undefined],
  ['127.1.:443', 'tls', '127.1.', 443, undefined],
  ['host.1a:443', 'tls', 'host.1a', 443, 'host.1a'],
  ['host1:443', 'tls', 'host1', 443, 'host1'],
  ['host.0xfg:443', 'tls', 'host.0xfg', 443, 'host.0xfg'],
])('%s', (text, scheme, host, port, serverName) => {
  expect(parse(text)).toEqual({ text, scheme, address: { kind: 'tcp', host, port }, serverName })
})

test.each([
  ['gopher://host:1', 'its scheme is gopher'],
  ['://host:1', 'its scheme is empty'],
  ['host:1/path', 'nothing stands behind its port'],
  ['host:1?a=b', 'nothing stands behind its port'],
  ['host:1#part', 'nothing stands behind its port'],
  ['host:1/#', 'nothing stands behind its port'],
  ['user@host:1', 'no user is named in it'],
  [':443', 'it has no host'],
  ['chardev://host', 'it has no port'],
  ['host:65536', 'there is no port 65536'],
  [`${'a'.repeat(256)}:1`, 'a server name has 1 to 255 characters'],
  ['ho\u00e9st:1', 'a server name has 1 to 255 characters'],
])('%s is none', (text, reason) => {
  expect(messageOf(text)).toContain(reason)
})
