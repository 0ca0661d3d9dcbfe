import { expect, test } from 'vitest'
import { uriWithoutSecrets } from '../../src/net/uri.ts'

test.each([
  ['nbds://user:S3CR3T@host:10809/export', 'nbds://user:***@host:10809/export'],
  ['nbds://user:S3C#R?3T@host/export', 'nbds://user:***@host/export'],
  ['nbds://user:S3/CR3T@host/export', 'nbds://user:***@host/export'],
  ['nbd:user:S3CR3T@host:10809', 'nbd:user:***@host:10809'],
  ['//user:S3CR3T@host/export', '//user:***@host/export'],
  ['user:S3CR3T@host', 'user:***@host'],
  // Of a text that is not one word, too.
  ['nbd:user:S CR3T@host:10809', 'nbd:user:***@host:10809'],
  ['NBDS:user:S CR3T@host', 'NBDS:user:***@host'],
  ['//user:S CR3T@host', '//user:***@host'],
  ['user:S CR3T@host', 'user:***@host'],
  ['user:@host', 'user:***@host'],
  ['nbd://host:10809/a@b', 'nbd://host:10809/a@b'],
  ['nbd://host/a:b@c', 'nbd://host/a:b@c'],
  [
    'nbd+unix:///e?socket=/run/x&tls-password=S3CR3T',
    'nbd+unix:///e?socket=/run/x&tls-password=***',
  ],
])('of %s a message shows %s', (uri, shown) => {
  expect(uriWithoutSecrets(uri)).toBe(shown)
})
