import { expect, test } from 'vitest'
import { valueWithoutEffect } from '../../../src/policy/lint/value-without-effect.ts'
import { findInBase, findInModule, summarize } from './rule-findings.ts'

const find = (...texts: [string, ...string[]]) =>
  summarize(findInBase(valueWithoutEffect, ...texts))

test('finds a value that is not there to be taken away', () => {
  expect(find('hash = SHA2-256 SHA1\nhash@ssh = -SHA1 -MD5\n')).toEqual([
    'note LINT_VALUE_WITHOUT_EFFECT BASE.pol:2:18 `-MD5` changes no hash list: it is not there',
  ])
})

test('finds a value that is in its place already', () => {
  expect(find('hash = SHA2-256 SHA1\nhash = +SHA2-256 MD5+\nhash = SHA1+ +MD5\n')).toEqual([
    'note LINT_VALUE_WITHOUT_EFFECT BASE.pol:2:8 `+SHA2-256` changes no hash list: it is there already',
    'note LINT_VALUE_WITHOUT_EFFECT BASE.pol:3:8 `SHA1+` changes no hash list: it is there already',
  ])
})

test('counts a value that has an effect in one scope only', () => {
  expect(find('hash = SHA2-256\nhash@bind = SHA1+\nhash = -SHA1 -SHA2-256\n')).toEqual([])
})

test('leaves whole directives to another rule', () => {
  expect(find('hash = SHA2-256\nhash = -SHA1 -MD5\n')).toEqual([])
})

test('lets modules be cautious', () => {
  expect(findInModule(valueWithoutEffect, 'hash = -SHA1 -MD5\n')).toEqual([])
  expect(find('hash = SHA1\n', 'hash = -SHA1 -MD5\n')).toEqual([])
})
