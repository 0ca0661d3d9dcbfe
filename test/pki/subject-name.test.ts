import { describe, expect, test } from 'vitest'
import { DiagnosticError } from '../../src/diagnostics/diagnostic.ts'
import { parseNamePart } from '../../src/pki/subject-name.ts'

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
