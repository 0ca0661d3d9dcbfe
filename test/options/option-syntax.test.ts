import { describe, expect, test } from 'vitest'
import { DiagnosticError } from '../../src/diagnostics/diagnostic.ts'
import { formatLocation, type Source, spanText } from '../../src/diagnostics/source.ts'
import { refuseExcess } from '../../src/options/document-bounds.ts'
import { parseKeyValues } from '../../src/options/key-value-syntax.ts'
import {
  defineObject,
  type PropertyValue,
  type WrittenObject,
} from '../../src/options/object-definition.ts'
import { parseMapping, parseObjectList } from '../../src/options/object-document.ts'
import { PropertyReader } from '../../src/options/property-reader.ts'
import { readSize } from '../../src/options/size.ts'
import { parseObject, parseObjects } from '../../src/tls/objects/parse-object.ts'

/** What a function throws: code, place, message and hint of each diagnostic. */
function refusals(run: () => unknown): readonly string[][] {
  try {
    run()
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    return error.diagnostics.map(({ code, span, message, hint }) => [
      code,
      ...(span ? [formatLocation(span)] : []),
      message,
      ...(hint === undefined ? [] : [hint]),
    ])
  }
  return []
}

function source(text: string, isSecret = false): Source {
  return { name: 'x', text, ...(isSecret ? { isSecret } : {}) }
}

const LENGTH = 65_000

/** Texts that took the parser minutes, or all memory of the process. */
const COSTLY: Readonly<Record<string, string>> = {
  'empty lists in a mapping': `{"a":${'[],'.repeat(LENGTH / 3)}`,
  'open braces': '{'.repeat(LENGTH),
  'open brackets': '['.repeat(LENGTH),
  'braces and brackets': '[{'.repeat(LENGTH / 2),
  'closed brackets': ']'.repeat(LENGTH),
  commas: `{${','.repeat(LENGTH)}`,
  'lists in lists in a line': '- '.repeat(LENGTH / 2),
  'keys of keys in a line': '? '.repeat(LENGTH / 2),
  'empty texts': '""'.repeat(LENGTH / 2),
  aliases: '*a '.repeat(LENGTH / 3),
}

for (const [what, text] of Object.entries(COSTLY)) {
  test(`refuses ${what} before they are parsed`, () => {
    const refusal = /it has more than 30000 words|this is nested too deeply/
    expect(() => parseObjects({ name: 'objects.yaml', text })).toThrow(refusal)
    if (text.startsWith('{')) expect(() => parseObject(text)).toThrow(refusal)
  })
}

test('takes hundreds of objects', () => {
  const object = (n: number) => `- qom-type: tls-creds-x509\n  id: tls${n}\n  dir: /etc/pki/qemu\n`
  const text = Array.from({ length: 400 }, (_, n) => object(n)).join('')
  expect(parseObjects({ name: 'objects.yaml', text })).toHaveLength(400)
})

test('refuses a key that is given twice', () => {
  expect(() => parseObject('{"qom-type":"authz-list","id":"a","id":"b"}')).toThrow(
    'the property `id` is given twice',
  )
})

describe('a document', () => {
  const levels = (count: number) => `${'['.repeat(count)}${']'.repeat(count)}`

  test.each([
    ['brackets', levels],
    ['braces', (count: number) => levels(count).replaceAll('[', '{').replaceAll(']', '}')],
    ['lists in a line', (count: number) => '- '.repeat(count)],
    ['keys in a line', (count: number) => '? '.repeat(count)],
    ['lists in brackets', (count: number) => `${levels(count - 2)}\n- - a`],
  ])('has up to 32 levels of %s', (what, text) => {
    const isSum = what.includes('brackets') && what !== 'brackets'
    expect(refusals(() => refuseExcess(source(text(32))))).toEqual([])
    const refused = refusals(() => refuseExcess(source(text(33)))).map(([code]) => code)
    expect(refused).toEqual(isSum ? [] : ['OBJECT_MALFORMED'])
  })

  test('counts brackets that are open and signs of the same line together', () => {
    expect(refusals(() => refuseExcess(source(`${'- '.repeat(30)}[[`)))).toEqual([])
    expect(refusals(() => refuseExcess(source(`${'['.repeat(30)}- - -`)))[0]).toEqual([
      'OBJECT_MALFORMED',
      'x:1:35',
      'this is nested too deeply',
    ])
    expect(refusals(() => refuseExcess(source('- a\n'.repeat(40))))).toEqual([])
    expect(refusals(() => refuseExcess(source('[{}],'.repeat(40))))).toEqual([])
  })

  test('has up to 30000 words, and the next is told with its place', () => {
    // One is the lexer's own.
    const text = (commas: number) => source(`[${','.repeat(commas)}`)
    expect(refusals(() => refuseExcess(text(29_998)))).toEqual([])
    expect(refusals(() => refuseExcess(text(29_999)))).toEqual([
      ['OBJECT_MALFORMED', 'x:1:30000', 'it has more than 30000 words'],
    ])
  })

  test('is refused at the word that is too deep, whatever stands before', () => {
    const before = 'a: b\n- [c, "d"]\n'
    expect(refusals(() => refuseExcess(source(`${before}${'['.repeat(33)}`)))[0]?.[1]).toBe(
      'x:3:33',
    )
  })

  test('is one mapping', () => {
    const { properties, places } = parseMapping(source('a: 1\nb: {c: yes, d: [x, true]}\n'))
    expect(JSON.parse(JSON.stringify(properties))).toEqual({
      a: '1',
      b: { c: 'yes', d: ['x', true] },
    })
    expect([...places].map(([path, span]) => [path, spanText(span)])).toEqual([
      ['', 'a: 1\nb: {c: yes, d: [x, true]}\n'],
      ['a', '1'],
      ['b', '{c: yes, d: [x, true]}'],
      ['b.c', 'yes'],
      ['b.d', '[x, true]'],
      ['b.d.0', 'x'],
      ['b.d.1', 'true'],
    ])
  })

  test.each([
    ['0x10', '0x10'],
    ['1e3', '1e3'],
    ['007', '007'],
    ['9007199254740993', '9007199254740993'],
    ['false', false],
    ['off', 'off'],
    ['"1"', '1'],
    ['""', ''],
  ])('the value %s is %j', (text, value) => {
    expect(parseMapping(source(`a: ${text}`)).properties.a).toBe(value)
  })

  const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
  const SYNTAX = 'what belongs together begins in the same column'
  const REFUSED: readonly (readonly [
    text: string,
    place: string,
    message: string,
    hint: string,
  ])[] = [
    ['', 'x:1:1', 'this is empty', ''],
    ['- a', 'x:1:1', 'this has no properties, NAME: VALUE', ''],
    ['a', 'x:1:1', 'this has no properties, NAME: VALUE', ''],
    ['a:', 'x:1:3', 'a value is missing', 'write one, or take the name out'],
    ['a: ~', 'x:1:4', 'a value is missing', 'write one, or take the name out'],
    ['a: 1\na: 2', 'x:2:1', 'the property `a` is given twice', ''],
    ['a: {b: 1, b: 2}', 'x:1:11', 'the property `b` is given twice', ''],
    ['a: &x 1\nb: *x', 'x:2:4', 'aliases are not allowed here', ''],
    ['a: 1\n---\nb: 2', 'x:2:1', 'a second document begins here', 'a file has one'],
    ['a: "', 'x:1:5', 'this is not valid YAML', SYNTAX],
    [nested(9), 'x:1:46', 'this is nested too deeply', ''],
  ]

  test.each(REFUSED)('%j is refused at %s', (text, place, message, hint) => {
    const [[code, at, told, advice] = [], ...others] = refusals(() => parseMapping(source(text)))
    expect([code, at, others]).toEqual(['OBJECT_MALFORMED', place, []])
    expect(told).toContain(message)
    if (hint === '') expect(advice).toBeUndefined()
    else expect(advice).toContain(hint)
  })

  test('has values up to eight names deep', () => {
    expect(parseMapping(source(nested(8))).properties.a).toBeTypeOf('object')
  })

  test('shows nothing of a text that may hold a secret', () => {
    const told = (text: string) =>
      refusals(() => parseMapping(source(text, true)))
        .flat()
        .join(' ')
    expect(told('a: s3cret\na: 2')).toContain('(not shown: it may be of a secret) is given twice')
    expect(told('s3cret: "')).toMatch(/this is not valid YAML: [A-Z_]+ /)
    expect(told('a: 1\n---\ns3cret: 2')).toContain('a second document begins here')
  })

  test.each([
    ['- a: 1\n- a: 2', 'objects', 2],
    ['objects:\n- a: 1', 'objects', 1],
    ['relays:\n- a: 1', 'relays', 1],
    ['[]', 'relays', 0],
    ['objects: []', 'objects', 0],
  ] as const)('%j is a list of %s', (text, key, count) => {
    expect(parseObjectList(source(text), key)).toHaveLength(count)
  })

  test.each([
    ['objects: 1', 'objects', 'x:1:10', 'this is no list of objects', 'qom-type'],
    ['{}', 'objects', 'x:1:1', 'this is no list of objects', 'qom-type'],
    ['', 'relays', 'x:1:1', 'this is no list of relays', 'listen'],
    ['objects: []', 'relays', 'x:1:1', '`objects` is not known here', 'below `relays`'],
    ['relays: []\nb: 1', 'relays', 'x:2:1', '`b` is not known here', 'below `relays`'],
    ['- 1', 'relays', 'x:1:3', 'this has no properties', undefined],
    ['-', 'relays', 'x:1:2', 'this has no properties', undefined],
  ] as const)('%j is no list of %s', (text, key, place, message, hint) => {
    const [[code, at, told, advice] = []] = refusals(() => parseObjectList(source(text), key))
    expect([code, at]).toEqual(['OBJECT_MALFORMED', place])
    expect(told).toContain(message)
    if (hint === undefined) expect(advice).toBeUndefined()
    else expect(advice).toContain(hint)
  })
})

describe('options with commas', () => {
  const read = (text: string) => {
    const { properties, places } = parseKeyValues(source(text), 'type')
    const written = [...places].map(([path, span]) => [path, spanText(span)].join('='))
    return { properties: JSON.parse(JSON.stringify(properties)), written }
  }

  test.each([
    ['', {}],
    ['a', { type: 'a' }],
    ['a,,b', { type: 'a,b' }],
    ['a,,b=c', { type: 'a,b=c' }],
    ['a=b', { a: 'b' }],
    ['a,b', { type: 'a', b: 'on' }],
    ['a,b=', { type: 'a', b: '' }],
    ['a,b=c=d', { type: 'a', b: 'c=d' }],
    ['a,b=c,,d,e=f', { type: 'a', b: 'c,d', e: 'f' }],
    ['a,b.0=c,b.1=d', { type: 'a', b: ['c', 'd'] }],
    ['a,b.1=d,b.0=c', { type: 'a', b: ['c', 'd'] }],
    ['a,b.c=d,b.e=f', { type: 'a', b: { c: 'd', e: 'f' } }],
    ['a,b.0.c=d', { type: 'a', b: [{ c: 'd' }] }],
    ['a,b.0.0=d', { type: 'a', b: [['d']] }],
    ['a,b.x0=d', { type: 'a', b: { x0: 'd' } }],
    ['a,b-1_c=d', { type: 'a', 'b-1_c': 'd' }],
    ['a,1=d', { type: 'a', '1': 'd' }],
    ['a,b.c.d.e.f.g.h.i=1', { type: 'a', b: { c: { d: { e: { f: { g: { h: { i: '1' } } } } } } } }],
  ])('%j is %j', (text, properties) => {
    expect(read(text).properties).toEqual(properties)
  })

  test('are known by their places', () => {
    expect(read('a,b=c,,d,e,f.0=g').written).toEqual([
      '=a,b=c,,d,e,f.0=g',
      'type=a',
      'b=c,,d',
      'e=e',
      'f.0=g',
    ])
  })

  const DOUBLE = 'a comma inside a value is doubled: priority=@QEMU,,SYSTEM'

  test.each([
    ['a,,b=c,=d', 'x:1:8', 'the name of a property is missing', DOUBLE],
    ['=b', 'x:1:1', 'the name of a property is missing', DOUBLE],
    ['a,b,,c=d', 'x:1:3', '`b,,c` is no name of a property', DOUBLE],
    ['a,-b=c', 'x:1:3', '`-b` is no name of a property', DOUBLE],
    ['a,b!=c', 'x:1:3', '`b!` is no name of a property', DOUBLE],
    ['a,b.=c', 'x:1:3', '`b.` is no name of a property', DOUBLE],
    ['a,.b=c', 'x:1:3', '`.b` is no name of a property', DOUBLE],
    ['a,b.-c=d', 'x:1:3', '`b.-c` is no name of a property', DOUBLE],
    ['a,b.c.d.e.f.g.h.i.j=1', 'x:1:3', '`b.c.d.e.f.g.h.i.j` is no name of a property', DOUBLE],
    ['a,b.0=c,b.2=d', 'x:1:1', 'the list `b` has no number 1', 'count from 0, without gaps'],
    ['a,b.00=c', 'x:1:1', 'the list `b` has no number 0', 'count from 0, without gaps'],
    ['a,b.c.0=c,b.c.x=d', 'x:1:1', 'the list `b.c` has no number 1', 'count from 0, without gaps'],
    ['a,b.0.1=c', 'x:1:1', 'the list `b.0` has no number 0', 'count from 0, without gaps'],
  ])('%j is refused at %s: %s', (text, ...told) => {
    expect(refusals(() => read(text))).toEqual([['OBJECT_MALFORMED', ...told]])
  })

  test.each([
    ['a,b=c,b=d', 'x:1:7', '`b`'],
    ['a,b=c,b.0=d', 'x:1:7', '`b.0`'],
    ['a,b.0=d,b=c', 'x:1:9', '`b`'],
    ['a,type=b', 'x:1:3', '`type`'],
    ['a,b.0=d,b.0=c', 'x:1:9', '`b.0`'],
  ])('%j gives a property twice', (text, place, name) => {
    expect(refusals(() => read(text))).toEqual([
      ['OBJECT_DUPLICATE_PROPERTY', place, `the property ${name} is given twice`],
    ])
  })

  test('show nothing of a text that may hold a secret', () => {
    for (const text of ['a,s3cret!=c', 'a,s3cret=1,s3cret=2', 'a,s3cret.1=c']) {
      const told = refusals(() => parseKeyValues(source(text, true), 'type'))
      expect(told).toHaveLength(1)
      expect(told.flat().join(' ')).not.toContain('s3cret')
    }
  })
})

describe('an object', () => {
  const define = (properties: Record<string, PropertyValue>, isSecret = false) => {
    const whole = { source: source('whole', isSecret), start: 0, end: 5 }
    return defineObject({ properties, places: new Map([['', whole]]) })
  }

  test('has a type, an id and other properties', () => {
    const { places, ...rest } = define({ 'qom-type': 'secret', id: 'a', data: 'x' })
    expect(rest).toEqual({ type: 'secret', id: 'a', properties: { data: 'x' } })
  })

  test.each(['a', 'A', 'z9', 'a.b_c-d', 'a-'])('can have the id %s', (id) => {
    expect(define({ 'qom-type': 'secret', id }).id).toBe(id)
  })

  test.each(['', '0a', '-a', '_a', '.a', 'a b', 'a/b', 'é', 'aé', 'a\n'])(
    'cannot have the id %j',
    (id) => {
      const refused = refusals(() => define({ 'qom-type': 'secret', id }))
      expect(refused.map(([code]) => code)).toEqual(['OBJECT_INVALID_ID'])
    },
  )

  test.each([
    [{ id: 'a' }, 'OBJECT_MALFORMED'],
    [{ 'qom-type': '', id: 'a' }, 'OBJECT_MALFORMED'],
    [{ 'qom-type': ['secret'], id: 'a' }, 'OBJECT_MALFORMED'],
    [{ 'qom-type': 'secret' }, 'OBJECT_MISSING_ID'],
    [{ 'qom-type': 'secret', id: true }, 'OBJECT_INVALID_ID'],
  ])('%j is refused as %s', (properties, code) => {
    expect(refusals(() => define(properties)).map(([first]) => first)).toEqual([code])
  })

  test('that may be of a secret is refused without its words', () => {
    const told = refusals(() => define({ 'qom-type': 's3cret' }, true)).flat()
    expect(told).toContain('the (not shown: it may be of a secret) object has no id')
    expect(refusals(() => define({ 'qom-type': 'secret', id: 's3 cret' }, true)).flat()).toContain(
      '(not shown: it may be of a secret) cannot be an id',
    )
  })
})

describe('a property', () => {
  const KNOWN = ['a', 'b', 'rules']
  const of = (properties: Record<string, PropertyValue>, type = 'thing') =>
    PropertyReader.of({ type, id: 'x', properties }, KNOWN)
  const codesOf = (run: () => unknown) => refusals(run).map(([code]) => code)

  test('is there or not', () => {
    expect([of({ a: '' }).has('a'), of({ b: '' }).has('a'), of({}).has('toString')]).toEqual([
      true,
      false,
      false,
    ])
  })

  test('is a text', () => {
    expect([of({ a: 'x' }).text('a'), of({}).text('a'), of({ a: '' }).text('a')]).toEqual([
      'x',
      undefined,
      '',
    ])
    expect(codesOf(() => of({ a: true }).text('a'))).toEqual(['OBJECT_WRONG_VALUE'])
  })

  test('may be required', () => {
    expect(of({ a: 'x' }).requiredText('a')).toBe('x')
    expect(refusals(() => of({ a: '' }).requiredText('a'))).toEqual([
      ['OBJECT_MISSING_PROPERTY', 'thing x has no property `a`', 'add a=...'],
    ])
    expect(refusals(() => of({}).requiredText('a', 'think'))).toEqual([
      ['OBJECT_MISSING_PROPERTY', 'thing x has no property `a`', 'think'],
    ])
  })

  // As qapi_bool_parse of QEMU takes them.
  test.each([
    ...(['on', 'yes', 'true', 'y'] as const).map((word) => [word, true] as const),
    ...(['off', 'no', 'false', 'n'] as const).map((word) => [word, false] as const),
    [true, true] as const,
    [false, false] as const,
  ])('is a flag: %j is %s', (value, flag) => {
    expect([of({ a: value }).flag('a', true), of({ a: value }).flag('a', false)]).toEqual([
      flag,
      flag,
    ])
  })

  test.each(['On', '1', '0', '', 'toString', ['on']])('is no flag where it is %j', (value) => {
    expect(codesOf(() => of({ a: value }).flag('a', true))).toEqual(['OBJECT_WRONG_VALUE'])
  })

  test('is a flag that has a value where it is not given', () => {
    expect([of({}).flag('a', true), of({}).flag('a', false)]).toEqual([true, false])
  })

  test.each([
    ['0', 0],
    ['007', 7],
    ['9007199254740991', 9_007_199_254_740_991],
  ])('is a count: %s', (text, count) => {
    expect(of({ a: text }).count('a', 5)).toBe(count)
  })

  test.each(['', '-1', '+1', '1.5', '1e3', '0x1', ' 1', '9007199254740992', '00000000000000001'])(
    'is no count where it is %j',
    (text) => {
      expect(codesOf(() => of({ a: text }).count('a', 5))).toEqual(['OBJECT_WRONG_VALUE'])
    },
  )

  test('is a count up to a limit', () => {
    expect(of({}).count('a', 500, 10)).toBe(500)
    expect(of({ a: '10' }).count('a', 5, 10)).toBe(10)
    expect(refusals(() => of({ a: '11' }).count('a', 5, 10))).toEqual([
      ['OBJECT_WRONG_VALUE', 'a cannot be `11`: it takes a whole number up to 10'],
    ])
  })

  test.each([
    ['0', 0],
    ['4096', 4096],
    ['1k', 1024],
    ['1K', 1024],
    ['1KiB', 1024],
    ['1kB', 1024],
    ['3B', 3],
    ['2M', 2_097_152],
    ['1G', 1_073_741_824],
    ['1T', 1_099_511_627_776],
    ['1P', 1_125_899_906_842_624],
    ['7P', 7_881_299_347_898_368],
    ['9007199254740991', 9_007_199_254_740_991],
  ])('is a size: %s', (text, bytes) => {
    expect(of({ a: text }).size('a')).toBe(bytes)
    expect(readSize(text)).toBe(bytes)
  })

  test.each([
    '',
    'k',
    '-1',
    '1.5k',
    '1X',
    '1kk',
    '1iK',
    ' 1',
    '1 ',
    '8P',
    '1E',
    '9007199254740992',
  ])('is no size where it is %j', (text) => {
    expect(codesOf(() => of({ a: text }).size('a'))).toEqual(['OBJECT_WRONG_VALUE'])
  })

  test('is no size where it is not given', () => {
    expect(of({}).size('a')).toBeUndefined()
    expect(readSize('1E')).toBe(2 ** 60)
    expect(readSize('x')).toBeNaN()
  })

  test('is one of some words', () => {
    expect(of({ a: 'p' }).choice('a', ['p', 'q'])).toBe('p')
    expect(of({}).choice('a', ['p', 'q'], 'q')).toBe('q')
    expect(of({ a: 'p' }).choice('a', ['p', 'q'], 'q')).toBe('p')
    expect(codesOf(() => of({}).choice('a', ['p', 'q']))).toEqual(['OBJECT_MISSING_PROPERTY'])
    expect(refusals(() => of({ a: 'r' }).choice('a', ['p', 'q'], 'q'))).toEqual([
      ['OBJECT_WRONG_VALUE', 'a cannot be `r`: it takes p or q'],
    ])
    expect(codesOf(() => of({ a: '' }).choice('a', ['p'], 'p'))).toEqual(['OBJECT_WRONG_VALUE'])
  })

  test('is a list of others', () => {
    const rules = of({ rules: [{ m: 'x' }, { m: 'y', n: 'z' }] }).list('rules', ['m', 'n'])
    expect(rules.map((rule) => [rule.what, rule.text('m'), rule.text('n')])).toEqual([
      ['rules.0', 'x', undefined],
      ['rules.1', 'y', 'z'],
    ])
    expect(of({}).list('rules', ['m'])).toEqual([])
    const inner = of({ rules: [{ m: [{ n: 'x' }] }] })
      .list('rules', ['m'])[0]
      ?.list('m', ['n'])
    expect(inner?.map((one) => [one.what, one.text('n')])).toEqual([['rules.0.m.0', 'x']])
  })

  test.each([
    [{ rules: 'x' }, 'OBJECT_WRONG_VALUE'],
    [{ rules: { m: 'x' } }, 'OBJECT_WRONG_VALUE'],
    [{ rules: ['x'] }, 'OBJECT_WRONG_VALUE'],
    [{ rules: [['x']] }, 'OBJECT_WRONG_VALUE'],
    [{ rules: [true] }, 'OBJECT_WRONG_VALUE'],
    [{ rules: [{ o: 'x' }] }, 'OBJECT_UNKNOWN_PROPERTY'],
  ])('%j is no such list', (properties, code) => {
    expect(codesOf(() => of(properties).list('rules', ['m', 'n']))).toEqual([code])
  })

  test('that is not known is refused, each of them, with what is meant', () => {
    expect(refusals(() => of({ a: 'x', rule: 'y', zzzzzzzz: 'z' }))).toEqual([
      ['OBJECT_UNKNOWN_PROPERTY', 'thing has no property `rule`', 'did you mean rules?'],
      ['OBJECT_UNKNOWN_PROPERTY', 'thing has no property `zzzzzzzz`', 'it has a, b, rules'],
    ])
  })

  test('that is not known is told where its name is written', () => {
    const placed = (written: WrittenObject) => {
      try {
        return PropertyReader.of(defineObject(written), ['rules']).list('rules', ['m'])
      } catch (error) {
        const { diagnostics } = error as DiagnosticError
        return diagnostics.map(({ span }) => [span?.start, span && spanText(span)])
      }
    }
    const options = (text: string) => placed(parseKeyValues(source(text, false), 'qom-type'))
    expect(options('thing,id=x,rule=y')).toEqual([[11, 'rule']])
    expect(options('thing,id=x,rules.0.match=y')).toEqual([[11, 'rules.0.match']])
    const yaml = 'qom-type: thing\nid: x\nrules: [{m: a, match: y}]\n'
    expect(placed(parseMapping(source(yaml, false)))).toEqual([[37, 'match']])
  })

  test('of a secret is not shown', () => {
    const reader = of({ a: 's3cret' }, 'secret')
    expect(refusals(() => reader.choice('a', ['p']))).toEqual([
      ['OBJECT_WRONG_VALUE', 'a cannot be (not shown: it may be of a secret): it takes p'],
    ])
    expect(refusals(() => of({ s3cret: 'x' }, 'secret_keyring'))).toEqual([
      [
        'OBJECT_UNKNOWN_PROPERTY',
        'secret_keyring has no property (not shown: it may be of a secret)',
        'it has a, b, rules',
      ],
    ])
  })

  test('that may be the rest of a secret before it is not shown', () => {
    const shown = (text: string, isSecret = true) =>
      refusals(() => {
        const written = parseKeyValues(source(`thing,id=x,${text}`, isSecret), 'qom-type')
        PropertyReader.of(defineObject(written), ['a'])
      }).map(([, , message]) => message?.replace('thing has no property ', ''))
    const HIDDEN = '(not shown: it may be of a secret)'
    expect(shown('a=1,word')).toEqual([HIDDEN])
    expect(shown('a=1,word=on')).toEqual(['`word`'])
    expect(shown('a=1,word=')).toEqual([HIDDEN])
    expect(shown('a=1,two-words=x')).toEqual(['`two-words`'])
    for (const name of ['Word', 'w1', 'a_b', 'a--b', 'a.b', '9']) {
      expect(shown(`a=1,${name}=x`).join(), name).not.toContain(name.at(-1) === 'b' ? '_' : name)
    }
    expect(shown('a=1,word', false)).toEqual(['`word`'])
    expect(shown('a=1,Word=x', false)).toEqual(['`Word`'])
  })

  test('is found where it is written, or where the object is', () => {
    const written = parseKeyValues(source('thing,id=x,a=1,rules.0.m=2'), 'qom-type')
    const reader = PropertyReader.of(defineObject(written), KNOWN)
    const [rule] = reader.list('rules', ['m', 'n'])
    const placed = [reader.spanOf('a'), reader.spanOf('b'), rule?.spanOf('m'), rule?.spanOf('n')]
    const WHOLE = 'thing,id=x,a=1,rules.0.m=2'
    expect(placed.map((span) => span && spanText(span))).toEqual(['1', WHOLE, '2', WHOLE])
    expect(of({}).spanOf('a')).toBeUndefined()
  })
})
