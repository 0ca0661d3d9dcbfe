/** How strong a key is: sizes as GnuTLS's profiles ask for them, ML-DSA as FIPS 204 ranks it. */
import { X509Certificate } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { certificateOf } from '../../src/x509/certificate.ts'
import { checkChainStrength } from '../../src/x509/chain-strength.ts'
import { type MeasurableKey, measureKey } from '../../src/x509/strength-check.ts'
import { refusal } from '../diagnostic-code.ts'
import { evaluationOf } from './evaluation.ts'
import { AUTHORITY, ENDPOINT, type Made, make } from './made-certificate.ts'

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

describe('a chain that OpenSSL has verified', () => {
  const check = (priority: string, ...chain: readonly Made[]) => {
    const read = chain.map(({ raw }, index) =>
      certificateOf(new X509Certificate(raw), { file: '<peer>', index }),
    )
    return () => checkChainStrength(read, evaluationOf(priority))
  }
  const below = (issuer: Made, more: object = {}) =>
    make({ subject: 'end', issuer, ...ENDPOINT, ...more })
  const root = make({ subject: 'root', ...AUTHORITY })
  const large = make({ subject: 'large', ...AUTHORITY, key: 'ec-secp384r1' })

  test('has strong keys up to its root, and strong signatures below it', () => {
    const old = make({ subject: 'old', ...AUTHORITY, signature: 'SHA1' })
    const weak = make({ subject: 'weak', ...AUTHORITY, key: 'rsa-1024', signature: 'SHA256' })
    expect(check('NORMAL', below(root), root)).not.toThrow()
    expect(check('NORMAL', below(old), old)).not.toThrow()
    expect(check('NORMAL', below(root, { signature: 'SHA1' }), root)).toThrow(
      refusal('TLS_WEAK_SIGNATURE'),
    )
    expect(check('NORMAL:%PROFILE_MEDIUM', below(weak), weak)).toThrow(refusal('TLS_WEAK_KEY'))
    expect(check('NORMAL:%PROFILE_LOW', below(weak), weak)).not.toThrow()
    const small = below(root, { key: 'rsa-1024' })
    expect(check('NORMAL:%PROFILE_MEDIUM', small, root)).toThrow(refusal('TLS_WEAK_KEY'))
    expect(check('NORMAL')).not.toThrow()
  })

  test('is of Suite B, where the string asks for it', () => {
    expect(check('SUITEB128', below(root, { key: 'ec-secp384r1' }), root)).toThrow(
      refusal('TLS_WEAK_KEY'),
    )
    expect(check('SUITEB128', below(large), large)).toThrow(refusal('TLS_WEAK_SIGNATURE'))
    expect(check('SUITEB128', below(large, { signature: 'SHA384' }), large)).not.toThrow()
    expect(check('NORMAL', below(large), large)).not.toThrow()
    expect(check('SUITEB128', below(root, { version: 1 }), root)).toThrow(
      refusal('TLS_CERTIFICATE_OLD_VERSION'),
    )
  })
})

test.each(['rsa', 'dsa'])('the smallest key of %s is that of its kind', (type) => {
  const key = { asymmetricKeyType: type, asymmetricKeyDetails: { modulusLength: 3072 } }
  expect(measure(key, 'HIGH')).toEqual([`${type} 3072`, true, '3072'])
  const smaller = { ...key, asymmetricKeyDetails: { modulusLength: 3071 } }
  expect(measure(smaller, 'HIGH')).toEqual([`${type} 3071`, false, '3072'])
})

test('without a profile every parameter set of ML-DSA is enough', () => {
  const evaluation = { ...evaluationOf('NORMAL'), profile: undefined }
  for (const size of [44, 65, 87]) {
    expect(measureKey(lattice(size), evaluation).isEnough).toBe(true)
  }
})
