import { describe, expect, test } from 'vitest'
import { DiagnosticError } from '../../src/diagnostics/diagnostic.ts'
import { encodeSubject, parseNamePart } from '../../src/pki/subject-name.ts'
import { printName } from '../../src/x509/distinguished-name.ts'

function refusalOf(text: string): string {
  try {
    parseNamePart('--org', text)
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    return `${error.diagnostics[0]?.code}: ${error.diagnostics[0]?.message}`
  }
  throw new Error('nothing was refused')
}

describe('a part of a subject', () => {
  test.each([
    ['', 'it is empty'],
    [' a', 'begins or ends with white space'],
    ['a\u00a0', 'begins or ends with white space'],
    ['a\u0000b', 'control characters'],
    ['a\nb', 'control characters'],
    ['a\u007fb', 'control characters'],
    ['a\ud800b', 'control characters'],
    ['a\u2028b', 'control characters'],
    ['a\u202eb', 'control characters'],
    ['a\u2067b', 'control characters'],
    ['a\u200fb', 'control characters'],
    ['a'.repeat(65), 'more than 64 characters'],
    ['𝄞'.repeat(65), 'more than 64 characters'],
  ])('%j is refused', (text, why) => {
    const refusal = refusalOf(text)
    expect(refusal).toMatch(/^PKI_NAME_INVALID/)
    expect(refusal).toContain(why)
  })

  test.each([
    ['a'.repeat(64), 'a'.repeat(64)],
    ['𝄞'.repeat(64), '𝄞'.repeat(64)],
    ['A, B + "C"', 'A, B + "C"'],
    ['Ju\u0308rgen', 'J\u00fcrgen'],
  ])('%j stands as %j', (text, name) => {
    expect(parseNamePart('--cn', text)).toBe(name)
  })
})

test('a subject has the organization first, where there is one, and strings of UTF-8', () => {
  const organization = 'Ü'
  expect(encodeSubject({ commonName: 'a' }).toString('hex')).toBe('300c310a300806035504030c0161')
  expect(printName(encodeSubject({ organization, commonName: 'a,b' }))).toBe('O=Ü,CN=a\\,b')
})

/** Characters beside those that are refused. */
test.each(['a\u200eb', 'a\u061cb', 'a\u202ab', 'a\u2066b', 'a\u2069b', 'a\u2029b', 'a\u0085b'])(
  '%j has a character that misleads',
  (text) => {
    expect(refusalOf(text)).toContain('control characters')
  },
)

test.each(['a\u200db', 'a\u202fb', 'a\u2065b', 'a\u206ab', 'a b'])('%j has none', (text) => {
  expect(parseNamePart('--org', text)).toBe(text)
})
