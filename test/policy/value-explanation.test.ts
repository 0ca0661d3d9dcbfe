import { expect, test } from 'vitest'
import { formatLocation } from '../../src/diagnostics/source.ts'
import { findScopes } from '../../src/policy/command-line-words.ts'
import { evaluatePolicy } from '../../src/policy/effective-policy.ts'
import { NO_SCOPES, purpose } from '../../src/policy/scope.ts'
import {
  explainProperty,
  explainValue,
  type ValueExplanation,
} from '../../src/policy/value-explanation.ts'
import { fc } from '../seed.ts'
import { shippedPolicy } from '../shipped-policies.ts'
import { modernText, policyOf } from './random-policies.ts'

const SSH = findScopes('ssh')

function told({ steps }: ValueExplanation): readonly string[] {
  return steps.map(({ effect, span, position }) => {
    return `${formatLocation(span)} ${effect}${position === undefined ? '' : ` ${position}`}`
  })
}

test('tells why a cipher is off, with every directive that touched it', () => {
  const policy = policyOf(
    'cipher = AES-256-GCM AES-128-CBC\ncipher@tls = AES-256-GCM\ncipher@SSH = -*-CBC\n',
    'cipher = -AES-128-CBC\n',
  )
  const why = explainValue(policy, SSH, 'cipher', 'AES-128-CBC')
  expect(told(why)).toEqual([
    'TEST.pol:1:22 enabled 2',
    'TEST.pol:3:14 disabled',
    'M1.pmod:1:10 unchanged',
  ])
  expect(why).toMatchObject({ enabled: false, position: undefined, count: 1 })
  expect(why.winner).toBe(why.steps[1])
})

test('tells why a value is on and where it stands', () => {
  const policy = policyOf('group = X448 X25519 SECP256R1\ngroup = SECP256R1+\ngroup = +SECP256R1\n')
  const why = explainValue(policy, SSH, 'group', 'SECP256R1')
  expect(told(why)).toEqual([
    'TEST.pol:1:21 enabled 3',
    'TEST.pol:2:9 unchanged 3',
    'TEST.pol:3:9 moved-to-front 1',
  ])
  expect(why).toMatchObject({ enabled: true, position: 1, count: 3 })
  expect(why.winner).toBe(why.steps[0])
})

test('tells of lists that are set anew without the value', () => {
  const policy = policyOf('hash = SHA1\nhash = SHA2-256\nhash = SHA2-384\nhash = +SHA2-512\n')
  const why = explainValue(policy, SSH, 'hash', 'SHA1')
  expect(told(why)).toEqual([
    'TEST.pol:1:8 enabled 1',
    'TEST.pol:2:1 reset',
    'TEST.pol:3:1 left-out',
  ])
  expect(why.winner?.effect).toBe('reset')
})

test('names who left a value out that was never enabled', () => {
  const why = explainValue(policyOf('hash = SHA2-256\n'), SSH, 'hash', 'MD5')
  expect(why.winner?.effect).toBe('left-out')
  expect(explainValue(policyOf(''), SSH, 'hash', 'MD5').winner).toBeUndefined()
})

test('does not name a line that took away what was not there, if another had left it out', () => {
  const policy = policyOf('cipher = AES-256-GCM\ncipher@SSH = -*-CBC\n')
  const why = explainValue(policy, SSH, 'cipher', 'AES-128-CBC')
  expect(told(why)).toEqual(['TEST.pol:1:1 left-out', 'TEST.pol:2:14 unchanged'])
  expect(why.winner).toBe(why.steps[0])
  const alone = explainValue(policyOf('cipher@SSH = -*-CBC\n'), SSH, 'cipher', 'AES-128-CBC')
  expect(alone.winner?.effect).toBe('unchanged')
})

test('lists directives for other scopes only when asked', () => {
  const policy = policyOf('hash = SHA1\nhash@tls = -SHA1\nhash@bind = -MD5\n')
  expect(told(explainValue(policy, SSH, 'hash', 'SHA1'))).toEqual(['TEST.pol:1:8 enabled 1'])
  const all = explainValue(policy, SSH, 'hash', 'SHA1', { includeUnselected: true })
  expect(told(all)).toEqual(['TEST.pol:1:8 enabled 1', 'TEST.pol:2:12 not-selected'])
})

test('shows a deprecated form where it was written', () => {
  const why = explainValue(policyOf('ssh_etm = 0\n'), SSH, 'etm', 'DISABLE_ETM')
  expect(told(why)).toEqual(['TEST.pol:1:11 enabled 1'])
})

test('explains an integer like a list of one value', () => {
  const policy = policyOf('min_rsa_size = 2048\nmin_rsa_size@ssh = 3072\n')
  const why = explainValue(policy, SSH, 'min_rsa_size', '2048')
  expect(told(why)).toEqual(['TEST.pol:1:16 enabled 1', 'TEST.pol:2:1 reset'])
  expect(why.enabled).toBe(false)
  expect(explainValue(policy, SSH, 'min_dh_size', '0').enabled).toBe(true)
})

test('explains a property step by step', () => {
  const policy = policyOf('min_rsa_size = 2048\nmin_rsa_size@ssh = 3072\nmin_rsa_size = 3072\n')
  const why = explainProperty(policy, SSH, 'min_rsa_size')
  expect(why.values).toEqual(['3072'])
  expect(why.steps.map(({ before, after }) => [before[0], after[0]])).toEqual([
    ['0', '2048'],
    ['2048', '3072'],
    ['3072', '3072'],
  ])
  expect(why.winner).toBe(why.steps[1])
  expect(explainProperty(policyOf(''), SSH, 'etm')).toMatchObject({
    values: ['ANY'],
    winner: undefined,
  })
})

test('finds a value in lower case, and says what may have been meant', () => {
  const { policy } = shippedPolicy('DEFAULT')
  expect(explainValue(policy, SSH, 'cipher', 'aes-128-cbc').value).toBe('AES-128-CBC')
  expect(() => explainValue(policy, SSH, 'cipher', 'aes-128-cbx')).toThrow('unknown cipher')
})

test('agrees with the evaluation of shipped policies', () => {
  const { policy } = shippedPolicy('FIPS:OSPP')
  const { scopes } = purpose('openssl')
  const { enabled, disabled } = evaluatePolicy(policy, scopes)
  for (const [index, value] of enabled.group.entries()) {
    const why = explainValue(policy, scopes, 'group', value)
    expect(why).toMatchObject({ enabled: true, position: index + 1 })
  }
  for (const value of disabled.cipher) {
    expect(explainValue(policy, scopes, 'cipher', value).enabled).toBe(false)
  }
})

test('agrees with the evaluation of any policy, and its winner decided', () => {
  fc.assert(
    fc.property(modernText, (text) => {
      const policy = policyOf(text)
      const { enabled } = evaluatePolicy(policy, NO_SCOPES)
      for (const value of ['SHA2-256', 'SHA2-384', 'MD5']) {
        const why = explainValue(policy, NO_SCOPES, 'hash', value)
        expect(why.enabled).toBe((enabled.hash as readonly string[]).includes(value))
        if (why.enabled) expect(why.winner?.effect).toBe('enabled')
        else expect(why.winner?.effect).not.toBe('enabled')
      }
    }),
  )
})
