import { expect, test } from 'vitest'
import { describePlaces, phrasePlaces } from '../../src/policy/places-in-words.ts'
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
