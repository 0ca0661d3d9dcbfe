import { expect, test } from 'vitest'
import { memoize, memoizePairs } from '../../src/cache/memoize.ts'
import { RecentlyUsed } from '../../src/cache/recently-used.ts'

test('computes once for each object, also where the result is undefined', () => {
  const asked: object[] = []
  const nothing = memoize((key: object) => {
    asked.push(key)
    return undefined
  })
  const [a, b] = [{}, {}]
  expect([nothing(a), nothing(a), nothing(b)]).toEqual([undefined, undefined, undefined])
  expect(asked.map((key) => key === a)).toEqual([true, false])
})

test('computes once for each object with each second value', () => {
  const asked: string[] = []
  const joined = memoizePairs((key: { readonly name: string }, second: string) => {
    asked.push(key.name + second)
    return [key.name + second]
  })
  const [a, b] = [{ name: 'a' }, { name: 'b' }]
  const all = () => [joined(a, '1'), joined(a, '2'), joined(b, '1')]
  expect(all()).toEqual([['a1'], ['a2'], ['b1']])
  expect(all()).toEqual([['a1'], ['a2'], ['b1']])
  expect(asked).toEqual(['a1', 'a2', 'b1'])
})

test('computes again after an error', () => {
  let isBroken = true
  const compute = memoize((_key: object) => {
    if (isBroken) throw new RangeError('broken')
    return 'done'
  })
  const key = {}
  expect(() => compute(key)).toThrow(RangeError)
  isBroken = false
  expect(compute(key)).toBe('done')
})

test('forgets first what was kept longest ago', () => {
  const memory = new RecentlyUsed<number>(2)
  memory.keep('a', 1)
  memory.keep('b', 2)
  memory.keep('a', 1)
  memory.keep('c', 3)
  expect(['a', 'b', 'c'].map((key) => memory.get(key))).toEqual([1, undefined, 3])
})
