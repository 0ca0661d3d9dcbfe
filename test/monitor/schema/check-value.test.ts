/** Values of clients against types: both ends of every range, and QEMU's words for what does not fit. */
import { expect, test } from 'vitest'
import type { JsonObject, JsonValue } from '../../../src/monitor/protocol/json-value.ts'
import { checkArguments, checkValue } from '../../../src/monitor/schema/check-value.ts'
import { describeSchema } from '../../../src/monitor/schema/introspection.ts'
import {
  ANY,
  alternateOf,
  BOOL,
  enumOf,
  INT,
  type IntegerType,
  listOf,
  NULL,
  NUMBER,
  optional,
  type QapiType,
  SIZE,
  STR,
  struct,
  UINT8,
  union,
} from '../../../src/monitor/schema/qapi-types.ts'

function check(type: QapiType, value: JsonValue): unknown {
  try {
    return checkValue(type, value, 'p')
  } catch (error) {
    return (error as Error).message
  }
}

const expects = (what: string) => `Invalid parameter type for 'p', expected: ${what}`

/** The least and the most of each, as C has them, and what is said beyond. */
const INTEGERS: readonly (readonly [IntegerType['name'], bigint, bigint, string])[] = [
  ['int8', -128n, 127n, "Parameter 'p' expects int8_t"],
  ['uint8', 0n, 255n, "Parameter 'p' expects uint8_t"],
  ['int16', -32_768n, 32_767n, "Parameter 'p' expects int16_t"],
  ['uint16', 0n, 65_535n, "Parameter 'p' expects uint16_t"],
  ['int32', -2_147_483_648n, 2_147_483_647n, "Parameter 'p' expects int32_t"],
  ['uint32', 0n, 4_294_967_295n, "Parameter 'p' expects uint32_t"],
]

for (const [name, least, most, refusal] of INTEGERS) {
  test(`${name} goes from ${least} to ${most}`, () => {
    const type = { kind: 'integer', name } as const
    expect([check(type, least), check(type, most)]).toEqual([Number(least), Number(most)])
    expect([check(type, least - 1n), check(type, most + 1n)]).toEqual([refusal, refusal])
    const noInteger = least < 0n ? expects('integer') : "Parameter 'p' expects uint64"
    expect([check(type, 1.5), check(type, '1')]).toEqual([noInteger, noInteger])
  })
}

test('integers of 64 bits stay exact, and a negative one is a large one where it has no sign', () => {
  expect(check(INT, -(2n ** 63n))).toBe(-(2n ** 63n))
  expect(check(INT, 2n ** 63n - 1n)).toBe(2n ** 63n - 1n)
  expect(check(INT, 2n ** 63n)).toBe(expects('integer'))
  expect(check(INT, -(2n ** 63n) - 1n)).toBe(expects('integer'))
  expect(check(SIZE, 2n ** 64n - 1n)).toBe(2n ** 64n - 1n)
  expect(check(SIZE, -1n)).toBe(2n ** 64n - 1n)
  expect(check(SIZE, 'x')).toBe("Parameter 'p' expects uint64")
})

const COLOUR = enumOf('Colour', ['red', 'blue'])
const POINT = struct('Point', { x: INT, y: optional(INT) })
const EITHER = alternateOf('Either', [STR, POINT, NULL])

const VALUES: readonly (readonly [QapiType, JsonValue, unknown])[] = [
  [STR, 'a', 'a'],
  [STR, 1n, expects('string')],
  [STR, null, expects('string')],
  [BOOL, false, false],
  [BOOL, 0n, expects('boolean')],
  [NULL, null, null],
  [NULL, false, expects('null')],
  [NUMBER, 1.5, 1.5],
  [NUMBER, 3n, 3],
  [NUMBER, '3', expects('number')],
  [ANY, null, null],
  [ANY, [1n], [1n]],
  [COLOUR, 'blue', 'blue'],
  [COLOUR, 'green', "Parameter 'p' does not accept value 'green'"],
  [COLOUR, 1n, expects('string')],
  [listOf(BOOL), [], []],
  [listOf(BOOL), [true, false], [true, false]],
  [listOf(BOOL), [true, 'x'], "Invalid parameter type for 'p[1]', expected: boolean"],
  [listOf(COLOUR), ['red', 'x'], "Parameter 'null' does not accept value 'x'"],
  [listOf(BOOL), true, expects('array')],
  [POINT, { x: 1n }, { x: 1n }],
  [POINT, { x: 1n, y: 2n }, { x: 1n, y: 2n }],
  [POINT, { y: 2n }, "Parameter 'p.x' is missing"],
  [POINT, { x: 'a', z: 1n }, "Invalid parameter type for 'p.x', expected: integer"],
  [POINT, { x: 1n, z: 1n }, "Parameter 'p.z' is unexpected"],
  [POINT, [1n], expects('object')],
  [POINT, null, expects('object')],
  [EITHER, 'a', 'a'],
  [EITHER, null, null],
  [EITHER, { x: 1n }, { x: 1n }],
  [EITHER, { x: 'a' }, "Invalid parameter type for 'p.x', expected: integer"],
  [EITHER, 1n, expects('Either')],
  [EITHER, [1n], expects('Either')],
  [alternateOf('Numbers', [listOf(INT), BOOL]), [1n], [1n]],
  [alternateOf('Numbers', [UINT8, COLOUR]), 7n, 7],
  [alternateOf('Numbers', [UINT8, COLOUR]), 'red', 'red'],
  [alternateOf('Numbers', [UINT8, COLOUR]), 1.5, expects('Numbers')],
  [alternateOf('Numbers', [ANY]), 1.5, expects('Numbers')],
]

for (const [type, value, expected] of VALUES) {
  const shown =
    Array.isArray(value) || (typeof value === 'object' && value) ? Object.keys(value) : value
  test(`${type.kind} ${'name' in type ? type.name : ''} takes or refuses ${typeof value} ${shown}`, () => {
    expect(check(type, value)).toEqual(expected)
  })
}

const SHAPE = union(
  'Shape',
  { kind: enumOf('Kind', ['dot', 'line']), name: optional(STR) },
  'kind',
  {
    line: struct('Line', { length: SIZE }),
  },
)

const SHAPES: readonly (readonly [JsonObject, unknown])[] = [
  [{ kind: 'dot' }, { kind: 'dot' }],
  [
    { kind: 'line', length: 2n },
    { kind: 'line', length: 2n },
  ],
  [
    { kind: 'line', length: 2n, name: 'a' },
    { kind: 'line', length: 2n, name: 'a' },
  ],
  [{ kind: 'line' }, "Parameter 'length' is missing"],
  [{ kind: 'dot', length: 2n }, "Parameter 'length' is unexpected"],
  [{ length: 2n }, "Parameter 'kind' is missing"],
  [{ kind: 'toString' }, "Parameter 'kind' does not accept value 'toString'"],
]

test('which members there are depends on the one that chooses', () => {
  for (const [value, expected] of SHAPES) {
    const read = () => {
      try {
        return checkArguments(SHAPE, value)
      } catch (error) {
        return (error as Error).message
      }
    }
    expect(read()).toEqual(expected)
  }
})

test('the schema tells each type once, in the keys that QEMU has', () => {
  const told = describeSchema(
    [
      { name: 'draw', arguments: SHAPE, returns: listOf(POINT) },
      { name: 'stop', arguments: POINT, returns: EITHER, isOutOfBand: true },
    ],
    [{ name: 'DRAWN', data: struct('Drawn', { colours: listOf(COLOUR), all: BOOL, more: ANY }) }],
  )
  const named = new Map(told.map((entry) => [entry.name as string, entry]))
  expect(named.size).toBe(told.length)
  const resolve = (name: JsonValue | undefined) => named.get(name as string)
  expect(named.get('int')).toEqual({ name: 'int', 'meta-type': 'builtin', 'json-type': 'int' })
  expect(named.get('str')).toMatchObject({ 'meta-type': 'builtin', 'json-type': 'string' })
  expect(named.get('bool')).toMatchObject({ 'meta-type': 'builtin', 'json-type': 'boolean' })
  expect(named.get('any')).toMatchObject({ 'meta-type': 'builtin', 'json-type': 'value' })
  expect(named.get('null')).toMatchObject({ 'meta-type': 'builtin', 'json-type': 'null' })
  const [draw, stop, event] = ['draw', 'stop', 'DRAWN'].map((name) => named.get(name))
  expect(draw).toMatchObject({ 'meta-type': 'command' })
  expect(draw).not.toHaveProperty('allow-oob')
  expect(stop).toMatchObject({ 'allow-oob': true })
  const points = resolve(draw?.['ret-type'])
  const point = { name: stop?.['arg-type'], 'meta-type': 'object' }
  expect(points).toEqual({
    name: `[${point.name}]`,
    'meta-type': 'array',
    'element-type': point.name,
  })
  expect(resolve(point.name)).toEqual({
    ...point,
    members: [
      { name: 'x', type: 'int' },
      { name: 'y', default: null, type: 'int' },
    ],
  })
  expect(resolve(stop?.['ret-type'])).toMatchObject({
    'meta-type': 'alternate',
    members: [{ type: 'str' }, { type: point.name }, { type: 'null' }],
  })
  const shape = resolve(draw?.['arg-type'])
  expect(shape).toMatchObject({ 'meta-type': 'object', tag: 'kind' })
  const variants = shape?.variants as readonly { case: string; type: string }[]
  expect(variants.map((one) => one.case)).toEqual(['dot', 'line'])
  expect(variants.map(({ type }) => resolve(type)?.members)).toEqual([
    [],
    [{ name: 'length', type: 'int' }],
  ])
  const drawn = resolve(event?.['arg-type']) ?? {}
  const [colours] = drawn.members as readonly { type: string }[]
  expect(event).toMatchObject({ 'meta-type': 'event' })
  expect(resolve(resolve(colours?.type)?.['element-type'])).toMatchObject({
    'meta-type': 'enum',
    members: [{ name: 'red' }, { name: 'blue' }],
    values: ['red', 'blue'],
  })
})
