/** How strong a key is: sizes as GnuTLS's profiles ask for them, ML-DSA as FIPS 204 ranks it. */
import { describe, expect, test } from 'vitest'
import { type MeasurableKey, measureKey } from '../../src/x509/strength-check.ts'
import { evaluationOf } from './evaluation.ts'

const rsa = (modulusLength: number): MeasurableKey => ({
  asymmetricKeyType: 'rsa',
  asymmetricKeyDetails: { modulusLength },
})
const ec = (namedCurve: string): MeasurableKey => ({
  asymmetricKeyType: 'ec',
  asymmetricKeyDetails: { namedCurve },
})
const lattice = (size: number): MeasurableKey => ({ asymmetricKeyType: `ml-dsa-${size}` })

function measure(key: MeasurableKey, profile: string): readonly [string, boolean, string] {
  // Alone, %PROFILE_SUITEB192 is %PROFILE_SUITEB128 to GnuTLS.
  const priority = profile.startsWith('SUITEB') ? profile : `NORMAL:%PROFILE_${profile}`
  const { text, isEnough, needed } = measureKey(key, evaluationOf(priority))
  return [text, isEnough, needed]
}

describe('Suite B wants its curves, and RSA is none', () => {
  test.each([
    ['SUITEB128', 'prime256v1', true, 'prime256v1 or secp384r1'],
    ['SUITEB128', 'secp384r1', true, 'prime256v1 or secp384r1'],
    ['SUITEB128', 'secp521r1', false, 'prime256v1 or secp384r1'],
    ['SUITEB192', 'prime256v1', false, 'secp384r1'],
    ['SUITEB192', 'secp384r1', true, 'secp384r1'],
  ])('%s and %s: %s', (profile, curve, isEnough, needed) => {
    expect(measure(ec(curve), profile)).toEqual([`ec ${curve}`, isEnough, needed])
    expect(measure(rsa(15360), profile)[1]).toBe(false)
  })
})

describe('a parameter set of ML-DSA reaches a level', () => {
  test.each([
    [44, 'MEDIUM', true],
    [44, 'HIGH', false],
    [44, 'FUTURE', false],
    [65, 'HIGH', true],
    [65, 'ULTRA', false],
    [65, 'FUTURE', false],
    [87, 'ULTRA', true],
    [87, 'FUTURE', false],
  ])('%i at %s: %s', (size, profile, isEnough) => {
    expect(measure(lattice(size), profile)).toEqual([
      `ml-dsa-${size}`,
      isEnough,
      'a larger parameter set',
    ])
  })
})

test('other keys are measured in bits, exactly', () => {
  expect(measure(rsa(2047), 'MEDIUM')).toEqual(['rsa 2047', false, '2048'])
  expect(measure(rsa(2048), 'MEDIUM')).toEqual(['rsa 2048', true, '2048'])
  expect(measure({ ...rsa(1024), asymmetricKeyType: 'rsa-pss' }, 'MEDIUM')[1]).toBe(false)
  expect(measure({ ...rsa(3072), asymmetricKeyType: 'dsa' }, 'HIGH')[1]).toBe(true)
  expect(measure(ec('prime256v1'), 'HIGH')).toEqual(['ec 256', true, '256'])
  expect(measure(ec('prime256v1'), 'ULTRA')).toEqual(['ec 256', false, '384'])
  expect(measure({ asymmetricKeyType: 'ed25519' }, 'HIGH')).toEqual(['ed25519 256', true, '256'])
  expect(measure({ asymmetricKeyType: 'ed25519' }, 'ULTRA')[1]).toBe(false)
  expect(measure({ asymmetricKeyType: 'ed448' }, 'ULTRA')).toEqual(['ed448 456', true, '384'])
  expect(measure({}, 'LOW')).toEqual(['unknown 0', false, '160'])
})
