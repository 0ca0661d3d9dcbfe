import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readSync } from 'node:fs'
import { expect, test } from 'vitest'
import { addOnce, collectDiagnostics } from '../../src/diagnostics/collect-diagnostics.ts'
import {
  type Diagnostic,
  DiagnosticError,
  type DiagnosticKind,
  diagnose,
  escalate,
  fail,
  hasErrors,
  moderate,
} from '../../src/diagnostics/diagnostic.ts'
import {
  diagnosticToJson,
  locationToJson,
  printJson,
} from '../../src/diagnostics/diagnostic-json.ts'
import { isOutOfDescriptors, reasonOf, remedyOf } from '../../src/diagnostics/system-errors.ts'

const KIND: DiagnosticKind<{ name: string }> = {
  ...{ code: 'X_UNKNOWN', severity: 'warning', fault: 'input', summary: 'Never seen.' },
  message: ({ name }) => `no ${name}`,
  hint: ({ name }) => (name === 'a' ? undefined : `not ${name}`),
}

const SPAN = { source: { name: 'f', text: 'a\nbcd' }, start: 3, end: 4 }

test('a diagnostic has what its kind makes of the data, and no key without a value', () => {
  const base = { code: 'X_UNKNOWN', severity: 'warning', fault: 'input' }
  expect(diagnose(KIND, { name: 'a' })).toStrictEqual({ ...base, message: 'no a' })
  const reference = { text: 'as before' }
  const told = { ...KIND, isAlwaysTold: true, reference: () => reference }
  expect(diagnose(told, { name: 'b' }, SPAN)).toStrictEqual({
    ...{ ...base, message: 'no b', hint: 'not b', isAlwaysTold: true, span: SPAN, reference },
  })
})

test('an error says all that is wrong, and keeps the warnings', () => {
  const warning = diagnose(KIND, { name: 'b' })
  const errors = ['c', 'd'].map((name) => escalate(diagnose(KIND, { name })))
  const error = new DiagnosticError([warning, ...errors])
  expect(error).toMatchObject({ name: 'DiagnosticError', message: 'no c\nno d' })
  expect(error.diagnostics).toHaveLength(3)
  expect(() => fail({ ...KIND, severity: 'error' }, { name: 'e' }, SPAN)).toThrow('no e')
})

test('severities: --strict makes errors of warnings only, moderation warnings of errors only', () => {
  const of = (severity: Diagnostic['severity']) => ({ ...diagnose(KIND, { name: 'a' }), severity })
  const all = (['error', 'warning', 'note'] as const).map(of)
  expect(all.map((one) => escalate(one).severity)).toEqual(['error', 'error', 'note'])
  expect(all.map((one) => moderate(one).severity)).toEqual(['warning', 'warning', 'note'])
  expect([[], [of('note'), of('warning')], [of('note'), of('error')]].map(hasErrors)).toEqual([
    ...[false, false, true],
  ])
})

test('as JSON every key is there, and what is not known is null', () => {
  const nothing = { hint: null, file: null, line: null, column: null, data: null }
  const base = { code: 'X_UNKNOWN', severity: 'warning', fault: 'input', message: 'no a' }
  expect(diagnosticToJson(diagnose(KIND, { name: 'a' }))).toStrictEqual({ ...base, ...nothing })
  const full = { ...diagnose(KIND, { name: 'b' }, SPAN), data: { n: 1 } }
  const place = { file: 'f', line: 2, column: 2 }
  expect(diagnosticToJson(full)).toStrictEqual({
    ...{ ...base, message: 'no b', hint: 'not b', ...place, data: { n: 1 } },
  })
  expect(locationToJson(SPAN)).toEqual(place)
  expect(locationToJson(undefined)).toBeNull()
})

test('JSON escapes what is not seen, and means the same', () => {
  const data = { text: 'a\u009bb\u{e0041}c\u202e\n"é' }
  expect(printJson(data)).toBe('{"text":"a\\u009bb\\udb40\\udc41c\\u202e\\n\\"é"}')
  expect(JSON.parse(printJson(data, 2))).toEqual(data)
  expect(printJson(data, 2)).toMatch(/^\{\n {2}"text"/)
})

test('errors of the system are told in words', () => {
  const catchOf = (work: () => unknown): unknown => {
    try {
      return work()
    } catch (error) {
      return error
    }
  }
  expect(existsSync('/nonexistent')).toBe(false)
  expect(reasonOf(catchOf(() => readFileSync('/nonexistent')))).toBe('it does not exist')
  expect(reasonOf(catchOf(() => readFileSync('/etc/passwd/x')))).toMatch(/is not a directory$/)
  expect(reasonOf(catchOf(() => readFileSync('/')))).toBe('it is a directory')
  expect(reasonOf(catchOf(() => mkdirSync(`/tmp/${'x'.repeat(300)}`)))).toBe('the name is too long')
  const refused = { EADDRNOTAVAIL: 'this host has no such address' }
  for (const [code, words] of Object.entries({
    ...refused,
    EAFNOSUPPORT: 'this host does not have such addresses',
    EINVAL: 'the system takes no such value here',
    ENETUNREACH: 'the network cannot be reached',
  })) {
    expect(reasonOf(Object.assign(new Error(code), { code, syscall: 'listen' }))).toBe(words)
  }
  const own = Object.assign(new Error('it has only 10 bytes'), { code: 'EINVAL' })
  expect(reasonOf(own)).toBe('it has only 10 bytes')
  const file = openSync('/dev/null', 'r')
  closeSync(file)
  // Without the name of the call and the code, which its message begins with.
  expect(reasonOf(catchOf(() => readSync(file, Buffer.alloc(1))))).toBe(
    'its descriptor is closed, or not open for that',
  )
  expect(reasonOf(new Error('something else'))).toBe('something else')
  expect(reasonOf('a text')).toBe('a text')
})

test('the limit of a process and that of the host have remedies of their own', () => {
  const failure = (code: string) => Object.assign(new Error(`${code}: open`), { code })
  expect(remedyOf(failure('EMFILE'))).toContain('ulimit')
  expect(remedyOf(failure('ENFILE'))).toContain('fs.file-max')
  expect(reasonOf(failure('ENFILE'))).toBe('too many files are open on this host')
  expect(remedyOf(failure('ENOENT'))).toBeUndefined()
})

test('a step that is refused hands its diagnostics on; any other failure is none of them', () => {
  const found: Diagnostic[] = []
  const add = (diagnostic: Diagnostic) => found.push(diagnostic)
  expect(collectDiagnostics(add, () => 7)).toBe(7)
  expect(found).toEqual([])
  const both = ['a', 'b'].map((name) => diagnose(KIND, { name }))
  const refused = (): never => {
    throw new DiagnosticError(both)
  }
  expect(collectDiagnostics(add, refused)).toBe(undefined)
  expect(found).toEqual(both)
  const broken = (): never => {
    throw new TypeError('broken')
  }
  expect(() => collectDiagnostics(add, broken)).toThrow('broken')
})

test('of diagnostics with one code and one text the first is kept', () => {
  const [a, b] = ['a', 'b'].map((name) => diagnose(KIND, { name })) as [Diagnostic, Diagnostic]
  const found: Diagnostic[] = []
  const other = { ...a, code: 'X_OTHER' }
  for (const one of [a, b, { ...a, span: SPAN }, other, b]) addOnce(found, one)
  expect(found).toEqual([a, b, other])
})

test('an error of another copy of the program is one too, and a class of its own has its instances alone', () => {
  const error = new DiagnosticError([])
  class Other extends DiagnosticError {}
  expect([error instanceof DiagnosticError, error instanceof Other]).toEqual([true, false])
  expect(new Other([]) instanceof DiagnosticError).toBe(true)
  const mark = Symbol.for('cryptopolicy.DiagnosticError')
  const ofCopy = Object.assign(new Error('x'), { [mark]: true })
  expect(ofCopy instanceof DiagnosticError).toBe(true)
  expect(ofCopy instanceof Other).toBe(false)
  for (const value of [new Error('x'), { [mark]: true }, undefined, 'x']) {
    expect((value as unknown) instanceof DiagnosticError).toBe(false)
  }
})

test('what the limits of descriptors refuse is told apart', () => {
  const codes = ['EMFILE', 'ENFILE', 'ENOENT', 'ENOMEM', undefined]
  const errors = codes.map((code) => Object.assign(new Error('x'), { code }))
  expect(errors.map(isOutOfDescriptors)).toEqual([true, true, false, false, false])
})
