/** Servers of LDAP that answer what recorded ones did not, in the bytes of RFC 4511 and of BER. */
import { describe, expect, test } from 'vitest'
import { ProtocolError } from '../../../src/wire/protocol-error.ts'
import { bytesOf, clearTextOf, isServed, resultOf } from './scripted-server.ts'

const READY = { kind: 'ready' }
const refused = (said: string) => ({ kind: 'refused', said })
const hex = (digits: string) => Buffer.from(digits, 'hex')
const from = (digits: string) => bytesOf(hex(digits))
const to = (digits: string) => bytesOf(hex(digits), '>')

/** RFC 4511, sections 4.1.1, 4.1.9, 4.2 and 4.14, in the lengths of BER. */
describe('LDAP', () => {
  const START_TLS = `> 0\x1d\x02\x01\x01w\x18\x80\x161.3.6.1.4.1.1466.20037`
  /** The result code, the matched name and the text "no". */
  const result = (code: string) => `0a01${code}040004026e6f`
  const answer = (tag: string, code: string) => from(`300e020101${tag}09${result(code)}`)

  test('result 0 begins TLS, another is told', async () => {
    expect(await resultOf('ldap', [START_TLS, answer('78', '00')])).toEqual(READY)
    const busy = await resultOf('ldap', [START_TLS, answer('78', '33')])
    expect(busy).toEqual(refused('result 51: no'))
  })

  test.each([
    ['message of one byte', `30810e0201017809${result('00')}`],
    ['message of two bytes', `3082000e0201017809${result('00')}`],
    ['message of four bytes', `30840000000e0201017809${result('00')}`],
    ['element of one byte', `300f020101788109${result('00')}`],
    ['element of four bytes', `3012020101788400000009${result('00')}`],
  ])('a long length of a %s is read', async (_title, digits) => {
    expect(await resultOf('ldap', [START_TLS, from(digits)])).toEqual(READY)
  })

  test.each([
    ['another tag than that of a sequence', `310e0201017809${result('00')}`],
    ['the answer to another operation', `300e0201016109${result('00')}`],
    ['a length that is not told', `3080020101780980${result('00')}0000`],
    ['a length of five bytes', `3085000000000e0201017809${result('00')}`],
    ['an element whose length is not told', `300e0201017880${result('00')}0000`],
    ['an element with a length of five bytes', `301302010178850000000009${result('00')}`],
    ['a result of two bytes', '300d02010178080a02000004000400'],
    ['no result', '300b02010178060a0004000400'],
    ['an answer of more than 64 KiB', `3083010001${'00'.repeat(65_537)}`],
  ])('%s is refused', async (_title, digits) => {
    await expect(resultOf('ldap', [START_TLS, from(digits)])).rejects.toThrow(ProtocolError)
  })

  test('an answer of 64 KiB is read', async () => {
    // The operation has the rest: 65536 bytes without its own head and the message's number.
    const text = 'x'.repeat(65_536 - 3 - 5 - 5 - 5)
    const length = (count: number) => `83${count.toString(16).padStart(6, '0')}`
    const fields = `0a01000400${`04${length(text.length)}`}${Buffer.from(text).toString('hex')}`
    const operation = `78${length(fields.length / 2)}${fields}`
    const whole = `30${length(65_536)}020101${operation}`
    expect(whole.length / 2 - 5).toBe(65_536)
    expect(await resultOf('ldap', [START_TLS, from(whole)])).toEqual(READY)
  })

  /** BER with lengths of one byte, or of two where that is not enough. */
  const element = (tag: string, value: string): string => {
    const length = value.length / 2
    const head = length < 128 ? length.toString(16).padStart(2, '0') : `82${uint16(length)}`
    return `${tag}${head}${value}`
  }
  const uint16 = (number: number) => number.toString(16).padStart(4, '0')
  const text = (words: string) => Buffer.from(words).toString('hex')
  const message = (operation: string) => element('30', `020101${operation}`)

  /** The base object, by the presence of objectClass: RFC 4511, section 4.5.1; RFC 4512, section 5.1. */
  const SEARCH = to(
    message(
      element(
        '63',
        `04000a01000a0100020100020100010100${element('87', text('objectClass'))}${element('30', element('04', text('namingContexts')))}`,
      ),
    ),
  )
  const done = (code: string) => message(element('65', `0a01${code}04000400`))
  const entry = (...contexts: readonly string[]) => {
    const values = contexts.map((name) => element('04', text(name))).join('')
    const attribute = `${element('04', text('namingContexts'))}${element('31', values)}`
    return message(element('64', `0400${element('30', element('30', attribute))}`))
  }
  const searched = (...answers: readonly string[]) => [SEARCH, from(answers.join(''))]
  const bound = (context: string, code: string) => {
    const name = element('04', text(`cn=cryptopolicy-audit,${context}`))
    const bind = element('60', `020103${name}${element('80', text('none'))}`)
    return [to(message(bind)), answer('61', code)]
  }

  test.each([
    ['00', 'accepted', 'the server checks a password that came in clear: result 0: no'],
    ['31', 'accepted', 'the server checks a password that came in clear: result 49: no'],
    ['08', 'turned-away', 'result 8: no'],
    ['0d', 'refused', 'result 13: no'],
    ['01', 'unknown', 'result 1: no'],
    ['20', 'unknown', 'result 32: no'],
    ['30', 'unknown', 'result 48: no'],
    ['33', 'unknown', 'result 51: no'],
  ])('in clear, the result 0x%s: %s', async (code, kind, said) => {
    const turns = [...searched(done('00')), ...bound('cn=config', code)]
    expect(await clearTextOf('ldap', turns)).toMatchObject({ kind, said })
  })

  test('in clear, a server that wants TLS for any question is asked no other one', async () => {
    const said = 'result 13:'
    expect(await clearTextOf('ldap', searched(done('0d')))).toEqual({ kind: 'refused', said })
  })

  const LONG = `dc=${'x'.repeat(1021)}`

  test.each<[string, readonly string[], readonly (readonly [string, string])[], string]>([
    [
      'want TLS',
      ['dc=a', 'dc=b'],
      [
        ['dc=a', '0d'],
        ['dc=b', '0d'],
      ],
      'refused',
    ],
    [
      'want TLS, but one',
      ['dc=a', 'dc=b'],
      [
        ['dc=a', '0d'],
        ['dc=b', '31'],
      ],
      'accepted',
    ],
    ['take passwords', ['dc=a', 'dc=b'], [['dc=a', '00']], 'accepted'],
    [
      'want SASL or TLS',
      ['dc=a', 'dc=b'],
      [
        ['dc=a', '08'],
        ['dc=b', '0d'],
      ],
      'turned-away',
    ],
    [
      'want TLS or SASL',
      ['dc=a', 'dc=b'],
      [
        ['dc=a', '0d'],
        ['dc=b', '08'],
      ],
      'turned-away',
    ],
    [
      'want SASL, but one',
      ['dc=a', 'dc=b'],
      [
        ['dc=a', '08'],
        ['dc=b', '31'],
      ],
      'accepted',
    ],
    ['have no name', ['', 'dc=a'], [['dc=a', '31']], 'accepted'],
    ['have long names', [LONG, `${LONG}x`], [[LONG, '0d']], 'refused'],
    [
      'are many',
      [...'abcdefghi'].map((name) => `dc=${name}`),
      [...'abcdefgh'].map((name) => [`dc=${name}`, '0d'] as const),
      'refused',
    ],
  ])('in clear, where naming contexts %s', async (_title, contexts, bounds, kind) => {
    const asked = bounds.flatMap(([context, code]) => bound(context, code))
    const turns = [...searched(entry(...contexts), done('00')), ...asked]
    expect(await clearTextOf('ldap', turns)).toMatchObject({ kind })
  })

  test('of answers to the search 16 are read, those that are no entry passed over', async () => {
    const REFERENCE = message(element('73', element('04', text('ldap://host.example'))))
    const turns = searched(...Array<string>(14).fill(REFERENCE), entry('dc=a'), done('00'))
    expect(await clearTextOf('ldap', [...turns, ...bound('dc=a', '0d')])).toMatchObject({
      kind: 'refused',
    })
    const more = searched(...Array<string>(16).fill(REFERENCE))
    await expect(clearTextOf('ldap', more)).rejects.toThrow(ProtocolError)
  })

  test('an entry without an attribute, and an attribute without values, name nothing', async () => {
    const bare = message(element('64', '04003000'))
    const typeOnly = message(element('64', `0400${element('30', element('30', '040161'))}`))
    for (const one of [bare, typeOnly]) {
      const turns = [...searched(one, done('00')), ...bound('cn=config', '31')]
      expect(await clearTextOf('ldap', turns)).toMatchObject({ kind: 'accepted' })
    }
  })

  test.each([
    ['00', true],
    ['31', true],
    ['08', false],
  ])('within TLS, the result 0x%s: %s', async (code, expected) => {
    const turns = [...searched(entry('dc=a'), done('00')), ...bound('dc=a', code)]
    expect(await isServed('ldap', turns)).toBe(expected)
  })
})
