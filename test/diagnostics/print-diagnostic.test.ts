import { expect, test } from 'vitest'
import type { Diagnostic } from '../../src/diagnostics/diagnostic.ts'
import { printDiagnostic } from '../../src/diagnostics/print-diagnostic.ts'
import type { Source } from '../../src/diagnostics/source.ts'

const TEXT = 'first\n\tcipher = AES-129-GCM\nlast'

function diagnosticAt(source: Source, start: number, end: number): Diagnostic {
  return {
    ...{ code: 'POLICY_X', severity: 'error', fault: 'input' },
    ...{ message: 'no such cipher', hint: 'did you mean AES-128-GCM?' },
    span: { source, start, end },
  }
}

function printAt(text: string, start: number, end: number): string {
  return printDiagnostic(diagnosticAt({ name: 'a.pol', text }, start, end))
}

test('shows the place, the line, a caret below each character, and the hint', () => {
  const start = TEXT.indexOf('AES')
  expect(printAt(TEXT, start, start + 11).split('\n')).toEqual([
    'a.pol:2:11: error[POLICY_X]: no such cipher',
    ' 2 |  cipher = AES-129-GCM',
    '   |           ^^^^^^^^^^^',
    'hint: did you mean AES-128-GCM?',
  ])
})

test('of a source as a whole no line is shown', () => {
  expect(printAt('# about\ncipher = X\n', 0, 0)).not.toContain('about')
})

test('a caret is one character at least, and ends with its line', () => {
  expect(printAt('abc', 3, 3)).toContain('\n 1 | abc\n   |    ^\n')
  expect(printAt('abc\ndef', 1, 7)).toContain('\n 1 | abc\n   |  ^^\n')
})

test('numbers of lines of any width keep the caret in its column', () => {
  const text = `${'x\n'.repeat(11)}abc`
  expect(printAt(text, text.length - 1, text.length)).toContain('\n 12 | abc\n    |   ^\n')
})

test('of a long line the part around the place is shown, with the caret below it', () => {
  const text = `${'a'.repeat(500)}HERE${'b'.repeat(500)}`
  const [, shown = '', carets = ''] = printAt(text, 500, 504).split('\n')
  expect(shown).toHaveLength(' 1 | '.length + 120)
  const column = shown.indexOf('HERE')
  expect(carets).toBe(`   | ${' '.repeat(column - 5)}^^^^`)
  expect(printAt(text, 0, 2)).toContain(`\n 1 | ${'a'.repeat(120)}\n   | ^^\n`)
  expect(printAt(text, 1003, 1004)).toContain(
    `\n 1 | ${'b'.repeat(120)}\n   | ${' '.repeat(119)}^\n`,
  )
})

test('nothing of a secret text is shown, only where it stands', () => {
  const source = { name: 'keys.psk', text: 'qemu:0123', isSecret: true }
  const shown = printDiagnostic({ ...diagnosticAt(source, 5, 9), message: 'it is too short' })
  expect(shown.split('\n')).toEqual([
    'keys.psk:1:6: error[POLICY_X]: it is too short',
    'hint: did you mean AES-128-GCM?',
  ])
})

test('without a place there is one line', () => {
  const { span: _, hint: __, ...rest } = diagnosticAt({ name: '', text: '' }, 0, 0)
  expect(printDiagnostic(rest)).toBe('error[POLICY_X]: no such cipher')
})

test('what a terminal would obey is shown as dots in every part', () => {
  const source = { name: 'a\u001bb', text: 'x\u009by' }
  const shown = printDiagnostic({
    ...diagnosticAt(source, 0, 1),
    message: 'm\u202em',
    hint: 'h\u{e0041}h',
  })
  expect(shown.split('\n')).toEqual([
    'a·b:1:1: error[POLICY_X]: m·m',
    ' 1 | x·y',
    '   | ^',
    'hint: h··h',
  ])
})

test('a style colours the severity, the caret and the word hint, nothing of the texts', () => {
  const style = {
    severity: (text: string, severity: string) => `<${severity}>${text}</>`,
    caret: (text: string) => `<caret>${text}</>`,
    hint: (text: string) => `<hint>${text}</>`,
  }
  const source = { name: 'a.pol', text: 'abc' }
  expect(printDiagnostic(diagnosticAt(source, 1, 2), style).split('\n')).toEqual([
    'a.pol:1:2: <error>error[POLICY_X]</>: no such cipher',
    ' 1 | abc',
    '   |  <caret>^</>',
    '<hint>hint:</> did you mean AES-128-GCM?',
  ])
})
