import { expect, test } from 'vitest'
import { withoutSecrets } from '../../src/diagnostics/secrets.ts'

test.each([
  ['no file at nbds://user:S3CR3T@host/disk', 'no file at nbds://user:***@host/disk'],
  ['no file at /srv/http:/user:S3CR3T@host/disk', 'no file at /srv/http:/user:***@host/disk'],
  ['https://user:S3C/R3T@host/disk', 'https://user:***@host/disk'],
  ['https://user:@host/disk', 'https://user:***@host/disk'],
  ['https://:S3CR3T@host', 'https://:***@host'],
  ['from http://a:S3CR3T@b to http://c:S3CR3T@d', 'from http://a:***@b to http://c:***@d'],
  ['`nbd:///d?tls-password=S3CR3T&a=b`', '`nbd:///d?tls-password=***&a=b`'],
  ['https://host/?access_token=S3CR3T and more', 'https://host/?access_token=*** and more'],
])('of %s a message shows %s', (text, shown) => {
  expect(withoutSecrets(text)).toBe(shown)
})

/** Without a scheme, where a word begins. */
test.each([
  ['user:S3CR3T@host', 'user:***@host'],
  ['u:S@h', 'u:***@h'],
  ['a.b_c+d~e%f-g:S3CR3T@host/disk', 'a.b_c+d~e%f-g:***@host/disk'],
  [`${'u'.repeat(64)}:S3CR3T@host`, `${'u'.repeat(64)}:***@host`],
  ['user%3AS3CR3T@host', 'user%3A***@host'],
  ['//user:S3CR3T@host', '//user:***@host'],
  ['tcp:user:S3CR3T@host:1', 'tcp:user:***@host:1'],
  ['nbds:user:S3CR3T@host', 'nbds:user:***@host'],
  ['cannot read user:S3CR3T@[::1]', 'cannot read user:***@[::1]'],
  ['`user:S3CR3T@host`', '`user:***@host`'],
  ["'user:S3CR3T@host'", "'user:***@host'"],
  ['"user:S3CR3T@host"', '"user:***@host"'],
  ['host=user:S3CR3T@host,port=1', 'host=user:***@host,port=1'],
  ['a,user:S3CR3T@host', 'a,user:***@host'],
  ['(user:S3CR3T@host) {u:S@h} [u:S@h] <u:S@h>', '(user:***@host) {u:***@h} [u:***@h] <u:***@h>'],
  [`user:${'S'.repeat(1025)}@host`, 'user:***@host'],
])('of %s, which has no scheme, a message shows %s', (text, shown) => {
  expect(withoutSecrets(text)).toBe(shown)
})

test.each([
  ['nbd://h?password=S3CR3T', 'nbd://h?password=***'],
  ['nbd://h?a=b&my-secret-key=S3CR3T&c=d', 'nbd://h?a=b&my-secret-key=***&c=d'],
  ['nbd://h?PWD=S3CR3T#x', 'nbd://h?PWD=***#x'],
  ['nbd://h?token=', 'nbd://h?token=***'],
  ['nbd://h?socket=/run/x&tls=1', 'nbd://h?socket=/run/x&tls=1'],
])('of the parameters of %s a message shows %s', (text, shown) => {
  expect(withoutSecrets(text)).toBe(shown)
})

test.each([
  'user@host:22',
  'mailto:user@host',
  'a:b@',
  'user: S3CR3T@host',
  'x/user:S3CR3T',
  'nbd://host:10809/disk@today',
  'nbd://host/a:b@c',
  'tls://[::1]:10809/',
  'mail to a@b: no secret',
  'nbd+unix:///disk?socket=/run/x',
])('%s has no secret', (text) => {
  expect(withoutSecrets(text)).toBe(text)
})

test.each([
  'DEFAULT:@SECLEVEL=2',
  'HIGH:!MD5@SECLEVEL=2:!aNULL@STRENGTH',
  '`Ciphers:aes128-gcm@openssh.com`',
  'email:user@example.com',
  'x.pol:3:5: cipher@TLS',
  '@LIBVIRT,SYSTEM:+VERS-ALL',
])('%s has no password', (text) => {
  expect(withoutSecrets(text)).toBe(text)
})
