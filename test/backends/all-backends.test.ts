import { expect, test } from 'vitest'
import { ALGORITHM_CLASSES, namesOf } from '../../src/algorithms/algorithm-class.ts'
import { BACKENDS, findBackend, renderReloadCommands } from '../../src/backends/all-backends.ts'
import { generateLegacyGnutls } from '../../src/backends/gnutls-legacy.ts'
import { hasErrors } from '../../src/diagnostics/diagnostic.ts'
import { parsePolicy } from '../../src/policy/policy.ts'
import { CHOICE_NAMES, CHOICE_VALUES, INTEGER_NAMES } from '../../src/policy/properties.ts'
import { PURPOSE_NAMES, SCOPES } from '../../src/policy/scope.ts'
import { fc } from '../seed.ts'

test('names each back-end once', () => {
  const names = BACKENDS.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  for (const backend of BACKENDS) expect(findBackend(backend.name)).toBe(backend)
  expect(findBackend('apache')).toBeUndefined()
})

test('serves every purpose but those that only group others', () => {
  const served = BACKENDS.flatMap(({ purposes }) => purposes)
  const unserved = PURPOSE_NAMES.filter((name) => !served.includes(name))
  expect(unserved).toEqual(['nss', 'openssh'])
})

test('reloads the services that do not notice a new file', () => {
  expect(renderReloadCommands()).toBe(
    'systemctl try-reload-or-restart bind.service 2>/dev/null || :\n' +
      'systemctl try-restart ipsec.service 2>/dev/null || :\n' +
      'systemctl try-restart sshd.service 2>/dev/null || :\n',
  )
})

const list = fc.constantFrom(...ALGORITHM_CLASSES).chain((property) => {
  const value = fc.oneof(
    fc.constantFrom(...(namesOf(property) as readonly string[])),
    fc.constant('*'),
  )
  const change = fc
    .tuple(value, fc.constantFrom('+', '-', ''))
    .map(([name, sign]) => (sign === '' ? `${name}+` : `${sign}${name}`))
  return fc
    .oneof(fc.array(value, { maxLength: 12 }), fc.array(change, { maxLength: 12 }))
    .map((values) => [property, values.join(' ')] as const)
})
const integer = fc.tuple(fc.constantFrom(...INTEGER_NAMES), fc.nat(20000).map(String))
const choice = fc
  .constantFrom(...CHOICE_NAMES)
  .chain((name) => fc.tuple(fc.constant(name), fc.constantFrom(...CHOICE_VALUES[name])))
const scope = fc.constantFrom('', ...SCOPES.flatMap((name) => [`@${name}`, `@!${name}`]))
const directive = fc
  .tuple(fc.oneof({ arbitrary: list, weight: 5 }, integer, choice), scope)
  .map(([[property, value], at]) => `${property}${at} = ${value}`)

test('writes a whole text for any directives, in every back-end', () => {
  fc.assert(
    fc.property(fc.array(directive, { maxLength: 20 }), (lines) => {
      const source = { name: 'RANDOM.pol', text: `${lines.join('\n')}\n` }
      const { policy, diagnostics } = parsePolicy('RANDOM', [source])
      expect(hasErrors(diagnostics)).toBe(false)
      const texts = BACKENDS.map((backend) => backend.generate(policy))
      for (const text of [...texts, generateLegacyGnutls(policy)]) {
        expect(text).toMatch(/^$|\n$/)
        expect(text).not.toMatch(/undefined|NaN|\[object|function/)
      }
    }),
    { numRuns: 500 },
  )
})

test('does not throw for what is left of a policy with mistakes', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), (text) => {
      const { policy } = parsePolicy('BROKEN', [{ name: 'BROKEN.pol', text }])
      for (const backend of BACKENDS) backend.generate(policy)
    }),
  )
})
