/** What is kept of a shared chardev's words, for readers that are behind. */
import { expect, test } from 'vitest'
import { Output } from '../../../src/chardev/mux/output.ts'
import { isWriter } from '../../../src/chardev/mux/writer.ts'

function outputOf(limit: number, ...texts: readonly string[]): Output {
  const output = new Output(limit)
  for (const text of texts) output.append(Buffer.from(text))
  return output
}

test('a reader is given the rest of the piece that it is in, and nothing at the end', () => {
  const output = outputOf(100, 'abc', 'defg')
  expect([output.start, output.end]).toEqual([0, 7])
  const after = [0, 1, 2, 3, 6, 7].map((position) => String(output.after(position)))
  expect(after).toEqual(['abc', 'bc', 'c', 'defg', 'g', ''])
})

test('pieces are kept as long as any byte of them is within the limit', () => {
  const output = outputOf(4, 'abc', 'de')
  expect(output.start).toBe(0)
  output.append(Buffer.from('fg'))
  expect([output.start, String(output.after(3))]).toEqual([3, 'de'])
  output.append(Buffer.from('longer than all'))
  expect([output.start, output.end, String(output.after(20))]).toEqual([7, 22, 'll'])
})

test('what all have read is forgotten, piece by piece', () => {
  const output = outputOf(100, 'abc', 'de')
  output.forget(2)
  expect(output.start).toBe(0)
  output.forget(3)
  expect(output.start).toBe(3)
  output.forget(5)
  expect([output.start, output.end, String(output.after(5))]).toEqual([5, 5, ''])
})

test('the rule says who of those that are there may write', () => {
  const there = ['a', 'b', 'c']
  const writers = (['none', 'first', 'last', 'all'] as const).map((rule) =>
    [...there, 'gone'].filter((client) => isWriter(rule, client, there)).join(''),
  )
  expect(writers).toEqual(['', 'a', 'c', 'abc'])
})
