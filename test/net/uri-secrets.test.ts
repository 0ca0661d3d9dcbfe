import { expect, test } from 'vitest'
import { uriWithoutSecrets } from '../../src/net/uri.ts'

test.each([
  ['nbds://user:S3CR3T@host:10809/export', 'nbds://user:***@host:10809/export'],
  ['nbds://user:S3C#R?3T@host/export', 'nbds://user:***@host/export'],
  ['nbd://host:10809/a@b', 'nbd://host:10809/a@b'],
  ['nbd://host/a:b@c', 'nbd://host/a:b@c'],
  [
    'nbd+unix:///e?socket=/run/x&tls-password=S3CR3T',
    'nbd+unix:///e?socket=/run/x&tls-password=***',
  ],
])('of %s a message shows %s', (uri, shown) => {
  expect(uriWithoutSecrets(uri)).toBe(shown)
})
