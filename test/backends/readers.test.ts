import { expect, test } from 'vitest'
import type { AlgorithmClass } from '../../src/algorithms/algorithm-class.ts'
import { namesOf } from '../../src/algorithms/algorithm-class.ts'
import { BACKENDS } from '../../src/backends/all-backends.ts'
import { parsePolicy } from '../../src/policy/policy.ts'
import {
  CHOICE_VALUES,
  isAlgorithmClass,
  isChoiceName,
  PROPERTY_NAMES,
  type PropertyName,
} from '../../src/policy/properties.ts'
import { readersOf } from '../../src/policy/purpose-readers.ts'
import { PURPOSE_NAMES, type PurposeName, purpose } from '../../src/policy/scope.ts'
import { shippedPolicy } from '../shipped-policies.ts'

/** Lines that set a property to something else for one purpose, whatever it was. */
function alternatives(property: PropertyName): readonly string[] {
  if (isAlgorithmClass(property)) {
    return namesOf(property as AlgorithmClass).flatMap((name) => [`-${name}`, `${name}+`])
  }
  if (isChoiceName(property)) return CHOICE_VALUES[property]
  return ['0', '1', '512', '1536', '4096', '16384']
}

/** Whether some back-end writes something else when a property changes for a purpose. */
function isRead(place: PurposeName, property: PropertyName): boolean {
  const scopes = [...purpose(place).scopes]
  return ['DEFAULT', 'LEGACY:AD-SUPPORT', 'GOST-ONLY'].some((base) => {
    const before = texts(base, '')
    return scopes.some((scope) =>
      alternatives(property).some(
        (value) => texts(base, `${property}@${scope} = ${value}\n`) !== before,
      ),
    )
  })
}

const known = new Map<string, string>()

function texts(base: string, line: string): string {
  const key = `${base} ${line}`
  const text = known.get(key) ?? generateAll(base, line)
  known.set(key, text)
  return text
}

function generateAll(base: string, line: string): string {
  const { policy } = shippedPolicy(base)
  const module = parsePolicy('M', [{ name: 'M.pmod', text: line }]).policy
  const layered = { ...policy, directives: [...policy.directives, ...module.directives] }
  return BACKENDS.map((backend) => backend.generate(layered)).join('\0')
}

test.each(PURPOSE_NAMES)(
  'a property said to be read for %s changes what a back-end writes',
  (place) => {
    const claimed = PROPERTY_NAMES.filter((property) => readersOf(property).includes(place))
    expect(claimed.filter((property) => !isRead(place, property))).toEqual([])
  },
)

/** Purposes whose name is a scope that no other purpose has. */
const ALONE = PURPOSE_NAMES.filter(
  (name) => PURPOSE_NAMES.filter((other) => purpose(other).scopes.has(name)).length === 1,
)

test.each(ALONE)('a property not said to be read for %s changes nothing there', (place) => {
  const unread = PROPERTY_NAMES.filter((property) => !readersOf(property).includes(place))
  const changed = unread.filter((property) =>
    alternatives(property).some(
      (value) => texts('DEFAULT', `${property}@${place} = ${value}\n`) !== texts('DEFAULT', ''),
    ),
  )
  expect(changed).toEqual([])
})
