/** What is said within TLS where clients were turned away in clear, in the words of the standards. */
import { expect, test } from 'vitest'
import { isServed } from './scripted-server.ts'

const MAIL = ['> EHLO audit.invalid\r\n', '< 250-h\r\n250 HELP\r\n', '> MAIL FROM:<>\r\n']
const STARTUP = `> \0\0\0\x23\0\x03\0\0user\0audit\0database\0audit\0\0`

test.each<[string, readonly string[], boolean]>([
  ['ftp', ['> USER audit\r\n', '< 331 password\r\n'], true],
  ['ftp', ['> USER audit\r\n', '< 530-no\r\n530 no\r\n'], false],
  ['pop3', ['> USER audit\r\n', '< +OK\r\n'], true],
  ['pop3', ['> USER audit\r\n', '< -ERR\r\n'], false],
  ['smtp', [...MAIL, '< 250 ok\r\n'], true],
  ['submission', [...MAIL, '< 530 log in\r\n'], false],
  ['postgresql', [STARTUP, '< R'], true],
  ['postgresql', [STARTUP, '< E\0\0\0\x0bC28000\0'], false],
])('%s, %j: %s', async (scheme, turns, expected) => {
  expect(await isServed(scheme, turns)).toBe(expected)
})

test('what says all without that is not asked again', async () => {
  for (const scheme of ['imap', 'nbd', 'xmpp', 'mysql', 'rdp', 'vnc', 'tls']) {
    expect(await isServed(scheme, [])).toBeUndefined()
  }
})
