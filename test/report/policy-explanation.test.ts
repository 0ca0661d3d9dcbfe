import { describe, expect, test } from 'vitest'
import { findScopes } from '../../src/policy/command-line-words.ts'
import { NO_SCOPES } from '../../src/policy/scope.ts'
import { explainProperty, explainValue } from '../../src/policy/value-explanation.ts'
import {
  printPropertyExplanation,
  printValueExplanation,
  propertyToJson,
  valueToJson,
} from '../../src/report/explanation.ts'
import { policyOf } from '../policy/random-policies.ts'

const LONG = 'cipher = AES-256-GCM AES-256-CCM AES-128-GCM AES-128-CCM AES-256-CTR'

const POLICY = policyOf(
  `${LONG}\ncipher@SSH = -AES-128-*\nmin_rsa_size = 2048\nmin_rsa_size@SSH = 3072\n`,
  'cipher = AES-128-CTR+\ncipher = AES-256-GCM\n',
)

const SSH = findScopes('ssh')

describe('why a value is on or off', () => {
  test('every line that touched it is shown, and the one that decided is marked', () => {
    const why = explainValue(POLICY, SSH, 'cipher', 'AES-128-GCM')
    expect(printValueExplanation('P', why)).toEqual([
      `AES-128-GCM is off in cipher of P under ${[...SSH].join(', ')}:`,
      '   TEST.pol:1:34  cipher = AES-256-GCM AES-256-CCM AES-128-GCM AES-128-CCM ...  turned it on, place 3',
      '>  TEST.pol:2:14  cipher@SSH = -AES-128-*                                       turned it off',
      '   M1.pmod:2:1    cipher = AES-256-GCM                                          set anew without it',
    ])
  })

  test('a value that is on has its place', () => {
    const why = explainValue(POLICY, NO_SCOPES, 'cipher', 'AES-256-GCM')
    expect(printValueExplanation('P', why)[0]).toBe(
      'AES-256-GCM is on (place 1 of 1) in cipher of P:',
    )
    expect(printValueExplanation('P', why).at(-1)).toMatch(/^> .*changed nothing|^ .*place 1$/)
  })

  test('what no line touches is told alone', () => {
    const why = explainValue(POLICY, NO_SCOPES, 'group', 'X25519')
    expect(printValueExplanation('P', why)).toEqual([
      'X25519 is off in group of P: no line of the policy touches it',
    ])
  })

  test('a setting is the value or is not', () => {
    expect(printValueExplanation('P', explainValue(POLICY, SSH, 'min_rsa_size', '3072'))).toEqual([
      `3072 is the value in min_rsa_size of P under ${[...SSH].join(', ')}:`,
      '   TEST.pol:3:1   min_rsa_size = 2048      set something else',
      '>  TEST.pol:4:20  min_rsa_size@SSH = 3072  set it',
    ])
    const [head] = printValueExplanation(
      'P',
      explainValue(POLICY, NO_SCOPES, 'min_rsa_size', '3072'),
    )
    expect(head).toMatch(/^3072 is not the value in min_rsa_size of P/)
  })

  test('as data it has the same, with null for what is not there', () => {
    const why = explainValue(POLICY, SSH, 'cipher', 'AES-128-GCM')
    expect(valueToJson(why)).toEqual({
      ...{ property: 'cipher', value: 'AES-128-GCM', enabled: false, position: null, count: 1 },
      scopes: [...SSH],
      steps: [
        {
          location: { file: 'TEST.pol', line: 1, column: 34 },
          directive: LONG,
          effect: 'enabled',
          position: 3,
        },
        {
          location: { file: 'TEST.pol', line: 2, column: 14 },
          directive: 'cipher@SSH = -AES-128-*',
          effect: 'disabled',
          position: null,
        },
        {
          location: { file: 'M1.pmod', line: 2, column: 1 },
          directive: 'cipher = AES-256-GCM',
          effect: 'left-out',
          position: null,
        },
      ],
      winner: { file: 'TEST.pol', line: 2, column: 14 },
    })
    expect(valueToJson(explainValue(POLICY, NO_SCOPES, 'group', 'X25519'))).toMatchObject({
      ...{ scopes: [], steps: [], winner: null },
    })
  })
})

describe('what a property comes to', () => {
  test('every line that changed it is shown, with how much', () => {
    const [head, ...rows] = printPropertyExplanation('P', explainProperty(POLICY, SSH, 'cipher'))
    expect(head).toBe(`cipher of P under ${[...SSH].join(', ')} is AES-256-GCM:`)
    expect(rows).toEqual([
      '   TEST.pol:1:1  cipher = AES-256-GCM AES-256-CCM AES-128-GCM AES-128-CCM ...  +5 -0',
      '   TEST.pol:2:1  cipher@SSH = -AES-128-*                                       +0 -2',
      '   M1.pmod:1:1   cipher = AES-128-CTR+                                         +1 -0',
      '>  M1.pmod:2:1   cipher = AES-256-GCM                                          +0 -3',
    ])
  })

  test('a line that changes the order alone says so', () => {
    const policy = policyOf('group = X448 X25519\ngroup = X25519 X448\n')
    const explanation = explainProperty(policy, NO_SCOPES, 'group')
    expect(printPropertyExplanation('P', explanation)).toEqual([
      'group of P is X25519 X448:',
      '   TEST.pol:1:1  group = X448 X25519  +2 -0',
      '>  TEST.pol:2:1  group = X25519 X448  order or nothing',
    ])
  })

  test('a setting has its values, and what no line sets is the default', () => {
    const explanation = explainProperty(POLICY, SSH, 'min_rsa_size')
    expect(printPropertyExplanation('P', explanation).slice(1)).toEqual([
      '   TEST.pol:3:1  min_rsa_size = 2048      0 -> 2048',
      '>  TEST.pol:4:1  min_rsa_size@SSH = 3072  2048 -> 3072',
    ])
    expect(printPropertyExplanation('P', explainProperty(POLICY, NO_SCOPES, 'group'))).toEqual([
      'group of P is empty: the default, no line of the policy sets it',
    ])
  })

  test('as data it has the lists before and after each line', () => {
    expect(propertyToJson(explainProperty(POLICY, NO_SCOPES, 'min_rsa_size'))).toEqual({
      ...{ property: 'min_rsa_size', scopes: [], values: ['2048'] },
      steps: [
        {
          location: { file: 'TEST.pol', line: 3, column: 1 },
          directive: 'min_rsa_size = 2048',
          before: ['0'],
          after: ['2048'],
        },
      ],
      winner: { file: 'TEST.pol', line: 3, column: 1 },
    })
    expect(propertyToJson(explainProperty(POLICY, SSH, 'group'))).toMatchObject({
      ...{ scopes: [...SSH], winner: null, steps: [] },
    })
  })
})

test('a line of 60 characters is shown whole, one of 61 is cut to 60', () => {
  const shown = (property: 'cipher' | 'group', text: string) => {
    const explanation = explainProperty(policyOf(`${text}\n`), NO_SCOPES, property)
    return printPropertyExplanation('P', explanation)[1]?.split('  ')[2]
  }
  const sixty = 'group = X25519 X448 SECP256R1 SECP384R1 SECP521R1 FFDHE-2048'
  const more = 'cipher = AES-256-GCM AES-256-CCM AES-128-GCM AES-128-CCM NULL'
  expect([sixty.length, more.length]).toEqual([60, 61])
  expect(shown('group', sixty)).toBe(sixty)
  expect(shown('cipher', more)).toBe(`${more.slice(0, 57)}...`)
})
