/** JSON of clients: its bounds, bytes that are no text, and how values are written. */
import { expect, test } from 'vitest'
import { JsonStream } from '../../../src/monitor/protocol/json-stream.ts'
import type { JsonValue } from '../../../src/monitor/protocol/json-value.ts'
import { printQmpEvent } from '../../../src/monitor/protocol/messages.ts'
import { toPlainJson } from '../../../src/monitor/protocol/plain-json.ts'
import { printJsonValue } from '../../../src/monitor/protocol/print-json.ts'

/** Values as they are written, and errors, in their order. */
function read(...parts: readonly (string | Buffer)[]): readonly string[] {
  const told: string[] = []
  const stream = new JsonStream({
    onValue: (value) => told.push(printJsonValue(value)),
    onError: ({ message }) => told.push(`! ${message}`),
  })
  for (const part of parts) stream.push(Buffer.from(part))
  stream.end()
  return told
}

const wrong = (what: string) => `! JSON parse error, ${what}`

const TOO_LARGE = '! JSON token size limit exceeded'

test('a token of 2^20 bytes is read, one of a byte more is left out with the rest of its line', () => {
  const letters = 'x'.repeat(1_048_574)
  expect(read(`"${letters}"\n1`)).toEqual([`"${letters}"`, '1'])
  expect(read(`"${letters}x" "behind"\n1`)).toEqual([TOO_LARGE, '1'])
  expect(read(`"${letters}\\n`, '" 2\n1')).toEqual([TOO_LARGE, '1'])
  expect(read('7'.repeat(1_048_577), '\n1')).toEqual([TOO_LARGE, '1'])
  expect(read('a'.repeat(1_048_577), '{\n1')).toEqual([TOO_LARGE, '1'])
  expect(read(`${'7'.repeat(1_048_577)} 2\n1`)).toEqual([TOO_LARGE, '1'])
  expect(read(`${'a'.repeat(1_048_577)} 2\n1`)).toEqual([TOO_LARGE, '1'])
})

test('a bracket that closes another one ends the value there', () => {
  for (const text of ['[}', '{]', '[1}', '{"a":1]']) {
    expect([text, read(text, ' 1')]).toEqual([text, [expect.stringMatching(/^! /), '1']])
  }
})

test('an integer that 64 bits do not hold is a double, as in QEMU', () => {
  const largest = '18446744073709551615'
  expect(read(`${largest} -9223372036854775808`)).toEqual([largest, '-9223372036854775808'])
  expect(read('18446744073709551616 18446744073709551617')).toEqual([
    ...['18446744073709552000', '18446744073709552000'],
  ])
})

test.each(['1.', '1.x', '-', '1e', '1e+', '01', '1.e1'])('%s is no number', (text) => {
  expect(read(`${text} `)[0]).toMatch(/^! /)
})

test('a value of 2^22 bytes is read, one of a byte more is not', () => {
  const full = `"${'x'.repeat(1_048_574)}"`
  const last = `"${'x'.repeat(1_048_574 - 5)}"`
  expect(read(`[${full},${full},${full},${last}]`)).toHaveLength(1)
  const [refused] = read(`[${full},${full},${full},${last.replace('x', 'xx')}]`)
  expect(refused).toBe(TOO_LARGE)
})

test('a value has 2^18 tokens at most', () => {
  // Brackets, and each number but the first with its comma.
  const most = `[${'1,'.repeat(131_070)}1]`
  expect(read(most)).toHaveLength(1)
  expect(read(most)[0]).not.toMatch(/^!/)
  expect(read(`[${'1,'.repeat(131_071)}1]`)[0]).toBe('! JSON token count limit exceeded')
})

test('values are nested 1024 deep, as in QEMU, lists and objects together', () => {
  const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`
  expect(read(nested(1024))).toEqual([nested(1024)])
  expect(read(nested(1025))[0]).toBe('! JSON nesting depth limit exceeded')
  const mixed = (depth: number) => `${'[{"a":'.repeat(depth)}1${'}]'.repeat(depth)}`
  expect(read(mixed(512))[0]).not.toMatch(/^!/)
  expect(read(mixed(513))[0]).toBe('! JSON nesting depth limit exceeded')
})

const CASES: readonly (readonly [string | Buffer, readonly string[]])[] = [
  ['{"a": [1, -2, 3.5, true, null, \'b\']}', ['{"a": [1, -2, 3.5, true, null, "b"]}']],
  ['1 2\t3\r\n4', ['1', '2', '3', '4']],
  ['{}[]{}', ['{}', '[]', '{}']],
  ['"a""b"', ['"a"', '"b"']],
  ['true"a"false', ['true', '"a"', 'false']],
  ['01\n2', [wrong("stray '01'"), '2']],
  ['-x\n2', [wrong("stray '-x'"), '2']],
  ['1.x\n2', [wrong("stray '1.x'"), '2']],
  ['1e+x\n2', [wrong("stray '1e+x'"), '2']],
  ['"a\nb\n"c"', [wrong("stray '\"a\n'"), '"c"']],
  ['@{}', [wrong("stray '@'"), '{}']],
  ['@@ ]', [wrong("stray '@'"), wrong('expecting value')]],
  ['-', [wrong("stray '-'")]],
  ['12', ['12']],
  ['tru', [wrong("invalid keyword 'tru'")]],
  ['"no end', []],
  ['{"a":', [wrong('premature EOI')]],
  ['{"a"', [wrong('premature EOI')]],
  ['[1', [wrong('premature EOI')]],
  ['[', [wrong('premature EOI')]],
  ['{"a":1]', [wrong('expected separator in dict')]],
  [Buffer.from('"\xe4"', 'latin1'), [wrong('invalid UTF-8 sequence in string')]],
  [Buffer.from('"a\xc0\x80b\xc0\x80"', 'latin1'), ['"a\\u0000b\\u0000"']],
  [Buffer.from('"\xc0\x81"', 'latin1'), [wrong('invalid UTF-8 sequence in string')]],
  [Buffer.from('"\xc1\x80"', 'latin1'), [wrong('invalid UTF-8 sequence in string')]],
  [Buffer.from('"\xe0\xc0\x80"', 'latin1'), [wrong('invalid UTF-8 sequence in string')]],
  [Buffer.from('"\xed\xa0\x80"', 'latin1'), [wrong('invalid UTF-8 sequence in string')]],
  [Buffer.from('"\xef\xbb\xbf"', 'latin1'), ['"\\uFEFF"']],
  [Buffer.from('"\xef\xb7\x90"', 'latin1'), [wrong('invalid UTF-8 sequence in string')]],
  [Buffer.from('"\xfd"', 'latin1'), [wrong('invalid UTF-8 sequence in string')]],
  [Buffer.from('"a\xfe"\n1', 'latin1'), [wrong("stray '\"a\u00fe'"), '1']],
  ['"\\ufdd0"', [wrong('\\ufdd0 is not a valid Unicode character')]],
  ['"\\ud83f\\udffe"', [wrong('\\ud83f\\udffe is not a valid Unicode character')]],
  ['"\\ud83d\\u12zz"', [wrong('\\ud83d is not a valid Unicode character')]],
  ['"\\ufdcf\\ufdf0"', ['"\\uFDCF\\uFDF0"']],
  ['"\\u0000\\u001f\\u007f"', ['"\\u0000\\u001f\\u007F"']],
]

for (const [text, told] of CASES) {
  test(`reads ${JSON.stringify(text.toString('latin1' as BufferEncoding))}, whole and byte by byte`, () => {
    expect(read(text)).toEqual(told)
    const bytes = Buffer.from(text)
    expect(read(...Array.from(bytes, (byte) => Buffer.from([byte])))).toEqual(told)
  })
}

test('of what cannot be a value, a short part is told', () => {
  expect(read(`-${'x'.repeat(200)}\n`)).toEqual([wrong("stray '-x'")])
  expect(read(`"${'x'.repeat(200)}\n`)).toEqual([wrong(`stray '"${'x'.repeat(79)}'`)])
  expect(read('k'.repeat(200))).toEqual([wrong(`invalid keyword '${'k'.repeat(80)}'`)])
})

test('integers of 64 bits are exact, others lose digits', () => {
  const exact = ['-9223372036854775808', '18446744073709551615']
  expect(read(...exact.map((one) => `${one}\n`))).toEqual(exact)
  expect(read('-9223372036854775809\n18446744073709551616')).toEqual([
    '-9223372036854776000',
    '18446744073709552000',
  ])
  // 2^64 - 1 has 20 digits; what is longer is none of 64 bits, however many zeroes it has.
  expect(read(`1${'0'.repeat(400)}\n`)).toEqual(['1e999'])
})

const PLAIN: readonly (readonly [JsonValue, unknown])[] = [
  [9_007_199_254_740_991n, 9_007_199_254_740_991],
  [9_007_199_254_740_992n, '9007199254740992'],
  [-9_007_199_254_740_991n, -9_007_199_254_740_991],
  [-9_007_199_254_740_992n, '-9007199254740992'],
  [
    [1n, [2n]],
    [1, [2]],
  ],
  [
    { a: { b: 1n }, c: null, d: 'x', e: false, f: 1.5 },
    { a: { b: 1 }, c: null, d: 'x', e: false, f: 1.5 },
  ],
]

test('an integer that a number does not hold exactly is a text for programs', () => {
  for (const [value, plain] of PLAIN) expect(toPlainJson(value)).toEqual(plain)
})

test('an event has its time in whole seconds and microseconds', () => {
  expect(printQmpEvent('STOP', undefined, 1_700_000_000_123_456)).toBe(
    '{"timestamp": {"seconds": 1700000000, "microseconds": 123456}, "event": "STOP"}\r\n',
  )
  expect(printQmpEvent('A', { b: 1n }, 999_999)).toBe(
    '{"timestamp": {"seconds": 0, "microseconds": 999999}, "event": "A", "data": {"b": 1}}\r\n',
  )
})
