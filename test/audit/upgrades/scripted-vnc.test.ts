/** Servers of VNC that answer what recorded ones did not: RFC 6143, section 7.1, and VeNCrypt. */
import { describe, expect, test } from 'vitest'
import { ProtocolError } from '../../../src/wire/protocol-error.ts'
import { clearTextOf, resultOf } from './scripted-server.ts'

const refused = (said: string) => ({ kind: 'refused', said })

/** A server of 3.8 that has VeNCrypt 0.2 with these subtypes. */
function vencrypt(...subtypes: readonly number[]): readonly string[] {
  const list = subtypes.map((subtype) => `\0\0${String.fromCharCode(subtype >> 8, subtype & 255)}`)
  return [
    ...['< RFB 003.008\n', '> RFB 003.008\n', '< \x01\x13', '> \x13'],
    ...['< \0\x02', '> \0\x02', `< \0${String.fromCharCode(subtypes.length)}${list.join('')}`],
  ]
}

describe('the version', () => {
  test.each([
    ['003.003', '003.003'],
    ['003.005', '003.003'],
    ['003.006', '003.003'],
    ['003.007', '003.007'],
    ['003.008', '003.008'],
    ['003.009', '003.008'],
    ['003.889', '003.008'],
    ['004.000', '003.008'],
    ['004.001', '003.008'],
  ])('%s of a server is answered with %s, the newest that is published', async (theirs, own) => {
    const offer = own === '003.003' ? '< \0\0\0\x02' : '< \x01\x02'
    const turns = [`< RFB ${theirs}\n`, `> RFB ${own}\n`, offer]
    expect(await resultOf('vnc', turns)).toEqual(refused('it offers VNC Authentication'))
  })

  test.each(['RFB 003.008\r', 'RFB 3.008  \n', 'SSH-2.0-abc\n', 'xRFB 003.008', 'RFB 003.00a\n'])(
    'a greeting %j is refused',
    async (greeting) => {
      await expect(resultOf('vnc', [`< ${greeting}`])).rejects.toThrow(ProtocolError)
    },
  )

  test('the reason of a server that has no type of security is told, up to 4096 bytes', async () => {
    const newer = ['< RFB 003.007\n', '> RFB 003.007\n']
    const older = ['< RFB 003.003\n', '> RFB 003.003\n']
    for (const turns of [
      [...newer, '< \0\0\0\0\x04full'],
      [...older, '< \0\0\0\0\0\0\0\x04full'],
    ]) {
      expect(await resultOf('vnc', turns)).toEqual(refused('full'))
      expect(await clearTextOf('vnc', turns)).toEqual({ kind: 'unknown', said: 'full' })
    }
    const long = await resultOf('vnc', [...newer, `< \0\0\0\x10\0${'x'.repeat(4096)}`])
    expect(long).toEqual(refused('x'.repeat(200)))
    const longer = resultOf('vnc', [...newer, `< \0\0\0\x10\x01${'x'.repeat(4097)}`])
    await expect(longer).rejects.toThrow(ProtocolError)
  })
})

describe('VeNCrypt', () => {
  const chosen = (subtype: number) => [`> \0\0\x01${String.fromCharCode(subtype - 256)}`, '< \x01']

  test.each([
    [[257, 260, 261], 261],
    [[257, 260, 262], 262],
    [[264, 260], 264],
    [[263, 257, 260], 260],
    [[257, 263, 259, 258], 258],
    [[257, 263, 259], 259],
    [[257, 263], 263],
    [[256, 257], 257],
  ])('of the subtypes %j, %i is taken', async (subtypes, subtype) => {
    const turns = [...vencrypt(...subtypes), ...chosen(subtype)]
    expect(await resultOf('vnc', turns)).toEqual({ kind: 'ready' })
  })

  test('anonymous TLS is asked for alone', async () => {
    const turns = [...vencrypt(260, 261, 257), ...chosen(257)]
    expect(await resultOf('vnc+anonymous', turns)).toEqual({ kind: 'ready' })
    const without = refused('of VeNCrypt it offers X509None, X509Vnc')
    expect(await resultOf('vnc+anonymous', vencrypt(260, 261))).toEqual(without)
  })

  test('subtypes without TLS, and none at all, are told', async () => {
    const plain = refused('of VeNCrypt it offers Plain, 300')
    expect(await resultOf('vnc', vencrypt(256, 300))).toEqual(plain)
    expect(await resultOf('vnc', vencrypt())).toEqual(refused('of VeNCrypt it offers nothing'))
  })

  test.each(['\0', '\x02'])('a choice that is answered with %j is not accepted', async (answer) => {
    const [choice = ''] = chosen(261)
    const turns = [...vencrypt(261), choice, `< ${answer}`]
    expect(await resultOf('vnc', turns)).toEqual(refused('it does not accept X509Vnc'))
  })

  /** A server of 3.3 tells its choice, and the client does not repeat it: RFC 6143, section 7.1.2. */
  const decided = (subtype: number) => [
    ...['< RFB 003.003\n', '> RFB 003.003\n', '< \0\0\0\x13'],
    ...vencrypt(subtype).slice(4),
  ]

  test('that a server of 3.3 has chosen goes on without a choice', async () => {
    const turns = [...decided(261), ...chosen(261)]
    expect(await resultOf('vnc', turns)).toEqual({ kind: 'ready' })
    const clear = { kind: 'refused', said: 'VeNCrypt: X509Vnc' }
    expect(await clearTextOf('vnc', decided(261))).toEqual(clear)
  })

  const begun = vencrypt().slice(0, 4)

  test.each([
    ['version 0.1', [...begun, '< \0\x01']],
    ['version 1.2', [...begun, '< \x01\x02']],
    ['a refusal of version 0.2', [...begun, '< \0\x02', '> \0\x02', '< \x01\0']],
  ])('%s is refused', async (_title, turns) => {
    await expect(resultOf('vnc', turns)).rejects.toThrow(ProtocolError)
  })

  test('a later version than 0.2 is answered with 0.2', async () => {
    const turns = [...vencrypt(261), ...chosen(261)].with(4, '< \0\x03')
    expect(await resultOf('vnc', turns)).toEqual({ kind: 'ready' })
  })
})

describe('in clear', () => {
  const EVERY =
    'VeNCrypt: TLSNone, TLSVnc, TLSPlain, X509None, X509Vnc, X509Plain, TLSSASL, X509SASL'
  const typed = (types: string) => [
    ...['< RFB 003.008\n', '> RFB 003.008\n'],
    `< ${String.fromCharCode(types.length)}${types}`,
  ]

  test.each([
    ['None and VeNCrypt', typed('\x13\x01'), 'accepted', 'None'],
    ['all that is without TLS', typed('\x12\x02\x63'), 'accepted', 'VNC Authentication, 99'],
    ["vino's TLS alone", typed('\x12'), 'refused', 'TLS'],
    ['Plain of VeNCrypt', vencrypt(261, 256), 'accepted', 'VeNCrypt: X509Vnc, Plain'],
    ['None within VeNCrypt', vencrypt(1, 261), 'accepted', 'VeNCrypt: None, X509Vnc'],
    [
      'a password within VeNCrypt',
      vencrypt(261, 2),
      ...(['accepted', 'VeNCrypt: X509Vnc, VNC Authentication'] as const),
    ],
    ['every subtype of TLS', vencrypt(257, 258, 259, 260, 261, 262, 263, 264), 'refused', EVERY],
    ["vino's TLS within VeNCrypt", vencrypt(18, 261), 'refused', 'VeNCrypt: TLS, X509Vnc'],
    ['a subtype of tomorrow', vencrypt(261, 300), 'unknown', 'VeNCrypt: X509Vnc, 300'],
    ['a subtype between', vencrypt(265, 255), 'unknown', 'VeNCrypt: 265, 255'],
    ['no subtype', vencrypt(), 'unknown', 'VeNCrypt: nothing'],
  ])('a server that has %s', async (_title, turns, kind, said) => {
    expect(await clearTextOf('vnc', turns)).toEqual({ kind, said })
  })
})
