import { expect, test } from 'vitest'
import { DiagnosticError } from '../../src/diagnostics/diagnostic.ts'
import {
  findPropertiesOf,
  findProperty,
  findScopes,
  findValue,
  isValue,
} from '../../src/policy/command-line-words.ts'

/** The code and the hint of what a call throws. */
function refusal(call: () => unknown): readonly (string | undefined)[] {
  try {
    call()
  } catch (error) {
    if (error instanceof DiagnosticError) {
      return error.diagnostics.flatMap(({ code, hint }) => [code, hint])
    }
  }
  return []
}

test('finds values in any case', () => {
  expect(findValue('cipher', 'chacha20-poly1305')).toBe('CHACHA20-POLY1305')
  expect(findValue('protocol', 'ikev2')).toBe('IKEv2')
  expect(findValue('etm', 'any')).toBe('ANY')
  expect(findValue('min_rsa_size', '02048')).toBe('2048')
})

test('says what may have been meant', () => {
  expect(refusal(() => findValue('hash', 'sha2-255'))[1]).toContain('SHA2-256')
  expect(refusal(() => findValue('hash', 'aes-128-gcm'))[1]).toBe(
    'aes-128-gcm is a value of cipher',
  )
  expect(refusal(() => findValue('min_dh_size', 'big'))[0]).toBe('POLICY_INTEGER_EXPECTED')
  expect(refusal(() => findValue('etm', 'some'))[0]).toBe('POLICY_UNKNOWN_CHOICE')
  expect(refusal(() => findPropertiesOf('AES-128-CBX'))[1]).toContain('AES-128-CBC')
  expect(refusal(() => findProperty('chipher'))[1]).toContain('cipher')
  expect(refusal(() => findScopes('opensshd'))[1]).toContain('openssh')
})

test('finds the property of a value', () => {
  expect(findPropertiesOf('aes-128-cbc')).toEqual(['cipher'])
  expect(findPropertiesOf('enforce')).toEqual(['__ems'])
})

test('finds properties in any case', () => {
  expect(findProperty('MIN_RSA_SIZE')).toBe('min_rsa_size')
})

test('finds the scopes of a purpose, and a single scope', () => {
  expect([...findScopes('OpenSSH-server')]).toEqual(['openssh-server', 'openssh', 'ssh'])
  expect([...findScopes('tls')]).toEqual(['tls'])
})

test.each([
  ['AES-128-GCM', undefined, true],
  ['aes-128-gcm', 'cipher', true],
  ['AES-128-GCM', 'mac', false],
  ['ANY', 'etm', true],
  ['any', undefined, true],
  ['ANY', '__ems', false],
  ['2048', 'min_rsa_size', true],
  ['2048', undefined, false],
  ['2048', 'cipher', false],
  ['nonsense', undefined, false],
] as const)('%s is a value of %s: %s', (value, property, isOne) => {
  expect(isValue(value, property)).toBe(isOne)
})

test.each(['', 'big', '-1', '1x', 'x1', '1 '])('%j is no integer', (value) => {
  expect(refusal(() => findValue('min_dh_size', value))[0]).toBe('POLICY_INTEGER_EXPECTED')
})
