import { describe, expect, test } from 'vitest'
import { DiagnosticError } from '../../src/diagnostics/diagnostic.ts'
import { spanText } from '../../src/diagnostics/source.ts'
import { findLibvirtSetting, type LibvirtValue } from '../../src/files/libvirt-config.ts'

function find(text: string, key = 'k'): LibvirtValue | undefined {
  return findLibvirtSetting({ name: 'qemu.conf', text }, key)
}

/** The value in short: a text as it is, a number in angle brackets, a list as one. */
function settingIn(text: string): unknown {
  const shorten = (value: LibvirtValue): unknown => {
    if (value.kind === 'list') return value.items.map(shorten)
    return value.kind === 'text' ? value.text : `<${spanText(value.span)}>`
  }
  const found = find(text)
  return found && shorten(found)
}

/** The reason and where it stands, counted from the start of the text. */
function refusalOf(text: string): string {
  try {
    find(text)
    return 'none'
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    const [{ code, message, span } = { code: '', message: '' }] = error.diagnostics
    return `${span?.start} ${code} ${message}`
  }
}

describe('a setting is found', () => {
  test.each([
    ['k = "v"', 'v'],
    ["k='v'", 'v'],
    ['k\t =\t "v" \t# and why', 'v'],
    ['k="v"# and why', 'v'],
    ['k = "a \\n # b"', 'a \\n # b'],
    ['k = \'say "x"\'', 'say "x"'],
    ['k = """a "b"\nc"""', 'a "b"\nc'],
    ['k = ""', undefined],
    ['k = 12', '<12>'],
    ['k = -3', '<-3>'],
    ['k = []', []],
    ['k = [ "a", 2 ]', ['a', '<2>']],
    ['k = [\n  "a", # one\n  "b",\n]', ['a', 'b']],
    ['# k = "no"\nk = "v"', 'v'],
    ['; ;k = "v"; other = 1', 'v'],
    ['\r\nother = 1\r\nk = "v"\r\n', 'v'],
    ['k = "first"\nk = "second"', 'first'],
    ['kk = "no"', undefined],
    ['a/b.c_d-e = 1\nk = 2', '<2>'],
    ['', undefined],
  ])('%j', (text, value) => {
    if (text === 'k = ""') expect(find(text)).toMatchObject({ kind: 'text', text: '' })
    else expect(settingIn(text)).toEqual(value)
  })
})

describe('what cannot be read to its end is refused where it stops', () => {
  test.each([
    ['k "v"', 2, '= is expected here'],
    ['= "v"', 0, 'a key is expected here'],
    ['k = v', 4, 'a value is expected here'],
    ['k = "v', 4, 'a value is expected here'],
    ['k = "v" "w"', 8, 'the line goes on where it should end'],
    ['k = 1 2', 6, 'the line goes on where it should end'],
    ['k = 1\n!', 6, 'a key is expected here'],
    ['k = ["a" "b"]', 9, 'a comma or ] is expected here'],
    ['k = [, "a"]', 5, 'a value is expected here'],
    ['k = ["a",, "b"]', 9, 'a value is expected here'],
    ['k = ["a", ["b"]]', 10, 'a list cannot hold lists'],
    ['k = ["a"', 8, 'a comma or ] is expected here'],
    ['k = """a', 4, 'a value is expected here'],
  ])('%j', (text, at, reason) => {
    const refusal = refusalOf(text)
    expect(refusal).toContain(reason)
    expect(refusal).toMatch(new RegExp(`^${at} FILE_LIBVIRT_SYNTAX `))
  })
})

test('a span is the text without its quotes, a number, or the list with its brackets', () => {
  const spans = ['k = """v"""', 'k = "v"', 'k = 12 # x', 'k = [ 1, 2 ] # x'].map((text) => {
    const value = find(text)
    return value && spanText(value.span)
  })
  expect(spans).toEqual(['v', 'v', '12', '[ 1, 2 ]'])
})
