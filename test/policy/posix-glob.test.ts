import { expect, test } from 'vitest'
import { matchGlob } from '../../src/policy/posix-glob.ts'
import judged from './glob-cases.json' with { type: 'json' }

// glob-cases.json: what Python's fnmatch.fnmatchcase, which the reference uses, matches.
test('a wildcard matches what fnmatch matches', () => {
  const wrong = judged.cases
    .map(([pattern, expected]) => [pattern, matchGlob(pattern as string, judged.names), expected])
    .filter(([, found, expected]) => `${found}` !== `${expected}`)
  expect(wrong).toEqual([])
})

test('case counts', () => {
  expect(matchGlob('aes*', ['AES-128-GCM'])).toEqual([])
  expect(matchGlob('AES-[12]*', ['AES-128-GCM', 'AES-256-GCM', 'AES-512'])).toEqual([
    'AES-128-GCM',
    'AES-256-GCM',
  ])
})
