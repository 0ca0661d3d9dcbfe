import { expect, test } from 'vitest'
import { describePlaces, namePlaces, phrasePlaces } from '../../src/policy/places-in-words.ts'
import { PROPERTY_NAMES } from '../../src/policy/properties.ts'
import { PLACE_NAMES, readersOf } from '../../src/policy/purpose-readers.ts'

test('says everywhere for all places', () => {
  expect(describePlaces(PLACE_NAMES)).toBe('everywhere')
  expect(phrasePlaces(PLACE_NAMES)).toBe('everywhere')
})

test('names the exceptions where they are fewer', () => {
  const places = PLACE_NAMES.filter((place) => place !== 'rpm')
  expect(describePlaces(places)).toBe('everywhere but rpm')
})

test('folds a purpose with all that refine it', () => {
  expect(describePlaces(['openssh', 'openssh-client', 'openssh-server'])).toBe('openssh*')
  expect(describePlaces(['openssh', 'openssh-client'])).toBe('openssh, openssh-client')
  expect(describePlaces(PLACE_NAMES.filter((place) => place.startsWith('nss')))).toBe('nss*')
})

test('names a few places rather than calling them everywhere', () => {
  expect(phrasePlaces(['gnutls'], ['gnutls'])).toBe('for gnutls')
})

test('every property is read for some purpose, in the order of a dump', () => {
  for (const property of PROPERTY_NAMES) {
    const readers = readersOf(property)
    expect(readers.length).toBeGreaterThan(0)
    expect(PLACE_NAMES.filter((place) => readers.some((name) => name === place))).toEqual(readers)
  }
})

test('calls places everywhere only where few are missing', () => {
  const six = ['gnutls', 'java-tls', 'krb5', 'libreswan', 'libssh', 'bind'] as const
  const missing = (count: number) => describePlaces(six.slice(count), six)
  expect(missing(0)).toBe('everywhere')
  expect(missing(1)).toBe('everywhere but gnutls')
  expect(missing(2)).toBe('everywhere but gnutls, java-tls')
  expect(missing(3)).toBe('libreswan, libssh, bind')
  expect(missing(5)).toBe('bind')
  const five = six.slice(1)
  expect(describePlaces(five, five)).toBe('java-tls, krb5, libreswan, libssh, bind')
  expect(describePlaces(five.slice(1), five)).toBe('krb5, libreswan, libssh, bind')
  expect(phrasePlaces(six.slice(1), six)).toBe('everywhere but gnutls')
})

test('names the whole of a family, and the parts of one that is not whole', () => {
  expect(namePlaces(['nss-pkcs12', 'nss-pkcs12-import'])).toBe('nss-pkcs12*')
  expect(namePlaces(['nss-pkcs12'])).toBe('nss-pkcs12')
  expect(namePlaces(['baseline', 'bind'])).toBe('baseline, bind')
  expect(namePlaces(['openssh-client', 'openssh-server'])).toBe('openssh-client, openssh-server')
  expect(namePlaces([])).toBe('')
})
