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

test.each([
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
