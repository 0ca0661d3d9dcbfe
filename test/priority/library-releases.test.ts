import { expect, test } from 'vitest'
import {
  findRelease,
  isSince,
  oldestRelease,
  releasesOf,
} from '../../src/priority/library-releases.ts'

test('a version is of the newest release that is no newer', () => {
  expect(findRelease('openssl', '3.5.9')).toBe('3.5')
  expect(findRelease('openssl', '3.10')).toBe(releasesOf('openssl').at(-1))
  expect(findRelease('openssl', '1.0')).toBeUndefined()
  expect(findRelease('openssl', oldestRelease('openssl'))).toBe(oldestRelease('openssl'))
})

test.each(['', 'x', '3.5.0-beta1', '3.5.', '.5', '3.5 ', '3.5\n', 'v3.5'])(
  '%j is no version',
  (version) => {
    expect(findRelease('openssl', version)).toBeUndefined()
  },
)

test('numbers are compared, not letters', () => {
  expect(isSince('3.10', '3.9')).toBe(true)
  expect(isSince('3.9', '3.10')).toBe(false)
  expect(isSince('3.5', '3.5.0')).toBe(true)
})
