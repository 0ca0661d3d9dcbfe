/** Servers of protocols without lines that answer what recorded ones did not, in the bytes of their standards. */
import { describe, expect, test } from 'vitest'
import { NBD_OPT, NBD_REP } from '../../../src/nbd/protocol/constants.ts'
import { encodeGreeting } from '../../../src/nbd/protocol/greeting.ts'
import { encodeOption, encodeOptionReply } from '../../../src/nbd/protocol/option-header.ts'
import { ProtocolError } from '../../../src/wire/protocol-error.ts'
import { bytesOf, clearTextOf, resultOf } from './scripted-server.ts'

const READY = { kind: 'ready' }
const refused = (said: string) => ({ kind: 'refused', said })
const hex = (digits: string) => Buffer.from(digits, 'hex')
const from = (digits: string) => bytesOf(hex(digits))
const to = (digits: string) => bytesOf(hex(digits), '>')

/** PostgreSQL's documentation, "Message Formats" and "Error and Notice Message Fields". */
describe('PostgreSQL', () => {
  const NO_LINE = 'no pg_hba.conf entry for host "::1", user "audit", database "audit"'
  const KEIN = 'kein pg_hba.conf-Eintrag, keine Verschluesselung'
  const NO_IDENT = 'Ident authentication failed for user "audit"'
  const LINES = 'RClientAuthentication'
  const SSL_REQUEST = to('0000000804d2162f')
  const STARTUP = `> \0\0\0\x23\0\x03\0\0user\0audit\0database\0audit\0\0`
  const error = (...fields: readonly string[]) => {
    const text = Buffer.from(`${fields.map((field) => `${field}\0`).join('')}\0`)
    const length = Buffer.alloc(4)
    length.writeUInt32BE(4 + text.length)
    return bytesOf(Buffer.concat([Buffer.from('E'), length, text]))
  }

  test('S begins TLS, N and an error do not', async () => {
    expect(await resultOf('postgresql', [SSL_REQUEST, '< S'])).toEqual(READY)
    const none = refused('the server answers N: it has no TLS')
    expect(await resultOf('postgresql', [SSL_REQUEST, '< N'])).toEqual(none)
    const old = [SSL_REQUEST, error('SFATAL', 'C0A000', 'MC unsupported')]
    expect(await resultOf('postgresql', old)).toEqual(refused('0A000 C unsupported'))
    const bare = [SSL_REQUEST, error('SFATAL')]
    expect(await resultOf('postgresql', bare)).toEqual(refused(''))
  })

  test.each(['X', 'E\0\0\0\x03', 'E\0\x01\0\x01'])('the answer %j is refused', async (answer) => {
    const turns = [SSL_REQUEST, `< ${answer.padEnd(70_000, '\0')}`]
    await expect(resultOf('postgresql', turns)).rejects.toThrow(ProtocolError)
  })

  test('errors of no length and of 64 KiB are read', async () => {
    expect(await resultOf('postgresql', [SSL_REQUEST, '< E\0\0\0\x04'])).toEqual(refused(''))
    const text = `C1\0M2\0`.padEnd(65_536 - 4, '\0')
    const whole = await resultOf('postgresql', [SSL_REQUEST, `< E\0\x01\0\0${text}`])
    expect(whole).toEqual(refused('1 2'))
  })

  test.each([
    ['a request for a password', '< R', 'accepted', 'goes on to authenticate'],
    ['no line', error('C28000', `M${NO_LINE}`, LINES), 'turned-away', NO_LINE],
    ['no line, in another language', error('C28000', `M${KEIN}`, LINES), 'turned-away', KEIN],
    ['no line, with another code', error('C28P01', `M${NO_LINE}`, LINES), 'unknown', NO_LINE],
    ['no user of ident', error('C28000', `M${NO_IDENT}`, 'Rauth_failed'), 'unknown', NO_IDENT],
    // PgBouncer.
    ['words on TLS', error('C08P01', 'MSSL required'), 'turned-away', '08P01 SSL required'],
    ['a missing user', error('C28P01', 'Mno user'), 'unknown', '28P01 no user'],
  ])('in clear, %s', async (_title, answer, kind, said) => {
    const found = await clearTextOf('postgresql', [STARTUP, answer])
    expect(found.kind).toBe(kind)
    expect(found.said).toContain(said)
  })

  test('in clear, another answer is refused', async () => {
    await expect(clearTextOf('postgresql', [STARTUP, '< S'])).rejects.toThrow(ProtocolError)
  })
})

/** [MS-RDPBCGR], sections 2.2.1.1, 2.2.1.2, 2.2.1.2.1 and 2.2.1.2.2; [T123], section 8; X.224, section 13.4. */
describe('RDP', () => {
  const request = (protocols: string) => to(`030000130ee000000000000100080${protocols}000000`)
  const confirm = (negotiation: string) => {
    const x224 = 'd00000123400'
    const length = 5 + x224.length / 2 + negotiation.length / 2
    const head = [length, length - 5].map((count) => count.toString(16).padStart(2, '0'))
    return from(`030000${head[0]}${head[1]}${x224}${negotiation}`)
  }
  const begin = (negotiation: string) => resultOf('rdp', [request('003'), confirm(negotiation)])

  test.each([
    ['TLS', '0200080001000000', READY],
    ['CredSSP, which is TLS too', '0200080002000000', READY],
    ['its own security', '0200080000000000', refused('the server chooses RDP without TLS')],
    ['nothing', '', refused('the server chooses RDP without TLS')],
    ['no TLS', '0300080002000000', refused('SSL_NOT_ALLOWED_BY_SERVER')],
    ['a reason of tomorrow', '0300080009000000', refused('failure 9')],
  ])('a server that takes %s', async (_title, negotiation, expected) => {
    expect(await begin(negotiation)).toEqual(expected)
  })

  test.each([
    ['another kind of negotiation', '0400080001000000'],
    ['more than an answer', '020008000100000000'],
    ['less than an answer', '02000800010000'],
  ])('%s is refused', async (_title, negotiation) => {
    await expect(begin(negotiation)).rejects.toThrow(ProtocolError)
  })

  test.each([
    ['another protocol', '0200000b06d00000123400'],
    ['a shorter answer', '0300000a05d000001234'],
    ['something else than a confirmation', '0300000b06800000123400'],
  ])('%s is refused', async (_title, digits) => {
    await expect(resultOf('rdp', [request('003'), from(digits)])).rejects.toThrow(ProtocolError)
  })

  test('in clear, its own security is accepted', async () => {
    const clear = (negotiation: string) =>
      clearTextOf('rdp', [request('000'), confirm(negotiation)])
    expect(await clear('0200080000000000')).toMatchObject({ kind: 'accepted' })
    expect(await clear('')).toMatchObject({ kind: 'accepted' })
    const said = 'the server chooses protocol 1, which was not offered'
    expect(await clear('0200080001000000')).toEqual({ kind: 'unknown', said })
  })

  test.each([
    [1, 'refused', 'SSL_REQUIRED_BY_SERVER'],
    [2, 'unknown', 'SSL_NOT_ALLOWED_BY_SERVER'],
    [3, 'unknown', 'SSL_CERT_NOT_ON_SERVER'],
    [4, 'unknown', 'INCONSISTENT_FLAGS'],
    [5, 'refused', 'HYBRID_REQUIRED_BY_SERVER'],
    [6, 'refused', 'SSL_WITH_USER_AUTH_REQUIRED_BY_SERVER'],
    [9, 'unknown', 'failure 9'],
  ])('in clear, failure %i: %s', async (code, kind, said) => {
    const turns = [request('000'), confirm(`030008000${code}000000`)]
    expect(await clearTextOf('rdp', turns)).toEqual({ kind, said })
  })
})

/** The protocol of NBD, sections "Newstyle negotiation" and "Option types". */
describe('NBD', () => {
  const greeting = (flags: number) => bytesOf(encodeGreeting(flags))
  const OLD_STYLE = `${from('4e42444d414749430000420281861253')}\0\0`
  const greeted = [greeting(3), to('00000003')]
  const reply = (option: number, type: number, text = '') =>
    bytesOf(encodeOptionReply(option, type, Buffer.from(text)))
  const STARTTLS = bytesOf(encodeOption(NBD_OPT.STARTTLS), '>')
  const tls = (...replies: readonly string[]) =>
    resultOf('nbd', [...greeted, STARTTLS, `< ${replies.map((one) => one.slice(2)).join('')}`])

  test('the old style, and a new one of which the client must not ask options, have no TLS', async () => {
    const old = refused('the server speaks the old style, which has no TLS')
    for (const turn of [OLD_STYLE, greeting(0), greeting(2)]) {
      expect(await resultOf('nbd', [turn])).toEqual(old)
      const clear = { kind: 'accepted', said: 'the old style begins at once, without TLS' }
      expect(await clearTextOf('nbd', [turn])).toEqual(clear)
    }
  })

  test('only flags that the server has are answered', async () => {
    const turns = [greeting(1), to('00000001'), STARTTLS, reply(5, NBD_REP.ACK)]
    expect(await resultOf('nbd', turns)).toEqual(READY)
    const more = [greeting(0xffff), to('00000003'), STARTTLS, reply(5, NBD_REP.ACK)]
    expect(await resultOf('nbd', more)).toEqual(READY)
  })

  test('an error is told with the words of the server, whatever came before it', async () => {
    const policy = reply(5, NBD_REP.ERR_POLICY, 'not\there')
    expect(await tls(reply(5, NBD_REP.INFO), policy)).toEqual(
      refused('NBD_REP_ERR_POLICY not here'),
    )
    expect(await tls(reply(5, 0x8000_0000))).toMatchObject({ kind: 'refused' })
  })

  test('replies of 16 KiB are read, longer ones and those to other options not', async () => {
    const error = (size: number) => reply(5, NBD_REP.ERR_UNSUP, 'x'.repeat(size))
    expect(await tls(error(0x4000))).toMatchObject({ kind: 'refused' })
    await expect(tls(error(0x4001))).rejects.toThrow(ProtocolError)
    await expect(tls(reply(3, NBD_REP.ACK))).rejects.toThrow(ProtocolError)
  })

  test('1024 replies to one option are read, more not', async () => {
    const info = reply(5, NBD_REP.INFO)
    const ack = reply(5, NBD_REP.ACK)
    expect(await tls(...Array(1023).fill(info), ack)).toEqual(READY)
    await expect(tls(...Array(1024).fill(info), ack)).rejects.toThrow(ProtocolError)
  })

  test.each([
    ['lists and shows', NBD_REP.ACK, NBD_REP.ACK, 'accepted', 'it lists 0 exports'],
    ['lists only', NBD_REP.ACK, NBD_REP.ERR_TLS_REQD, 'unknown', 'it lists 0 exports'],
    ['may hide some', NBD_REP.ERR_POLICY, NBD_REP.ERR_TLS_REQD, 'unknown', 'NBD_REP_ERR_POLICY'],
    ['shows only', NBD_REP.ERR_POLICY, NBD_REP.ACK, 'accepted', 'NBD_REP_ERR_POLICY'],
    ['wants TLS', NBD_REP.ERR_TLS_REQD, NBD_REP.ERR_TLS_REQD, 'refused', 'NBD_REP_ERR_TLS_REQD'],
  ])('in clear, a server that %s', async (_title, listed, shown, kind, said) => {
    const name = 'cryptopolicy-audit'
    const info = Buffer.concat([hex('00000012'), Buffer.from(name), hex('0000')])
    const found = await clearTextOf('nbd', [
      ...greeted,
      ...[bytesOf(encodeOption(NBD_OPT.LIST), '>'), reply(NBD_OPT.LIST, listed)],
      ...[bytesOf(encodeOption(NBD_OPT.INFO, info), '>'), reply(NBD_OPT.INFO, shown)],
    ])
    expect(found.kind).toBe(kind)
    expect(found.said).toContain(said)
    expect(found.said.includes('NBD_OPT_INFO')).toBe(kind !== 'refused')
  })

  const { ERR_UNSUP, ERR_POLICY, ERR_UNKNOWN, ERR_SHUTDOWN, ERR_TLS_REQD, ACK } = NBD_REP

  /** Section "NOTLS mode": ERR_UNSUP or ERR_POLICY. An export may be unknown to every client, with TLS too. */
  test.each<[string, readonly number[], number, string]>([
    ['has TLS', [ERR_UNKNOWN], ACK, 'unknown'],
    ['has TLS, and keeps an export from the client', [ERR_POLICY], ACK, 'unknown'],
    ['has TLS, and knows no NBD_OPT_INFO', [ERR_UNSUP], ACK, 'unknown'],
    ['has no TLS', [ERR_UNKNOWN], ERR_UNSUP, 'accepted'],
    ['has no TLS for its policy', [ERR_UNSUP, ERR_POLICY], ERR_POLICY, 'accepted'],
    ['ends', [ERR_SHUTDOWN], ERR_SHUTDOWN, 'unknown'],
    ['wants TLS for one of its exports', [ERR_TLS_REQD, ERR_UNKNOWN, ERR_TLS_REQD], ACK, 'unknown'],
  ])('in clear, one that shows no export, and %s', async (_title, shown, begun, kind) => {
    const asked = shown.flatMap((type, at) => asksFor(`e${at}`, type))
    const starts = [STARTTLS, reply(NBD_OPT.STARTTLS, begun)]
    const found = await clearTextOf('nbd', [...lists(shown.length, LISTED), ...asked, ...starts])
    expect(found.kind).toBe(kind)
    expect(found.said).toMatch(/NBD_OPT_INFO: NBD_REP_ERR_(?!TLS).*; NBD_OPT_STARTTLS: NBD_REP_/)
  })

  const lists = (count: number, ...ends: readonly string[]) => {
    const entry = (name: string) => `\0\0\0${String.fromCharCode(name.length)}${name}`
    const names = Array.from({ length: count }, (_, at) => `e${at}`)
    const replies = names.map((name) => reply(NBD_OPT.LIST, NBD_REP.SERVER, entry(`${name}`)))
    const text = [...replies, ...ends].map((one) => one.slice(2)).join('')
    return [...greeted, bytesOf(encodeOption(NBD_OPT.LIST), '>'), `< ${text}`]
  }
  const LISTED = reply(NBD_OPT.LIST, NBD_REP.ACK)
  const asksFor = (name: string, type: number) => {
    const info = Buffer.concat([hex(`0000000${name.length}`), Buffer.from(name), hex('0000')])
    return [bytesOf(encodeOption(NBD_OPT.INFO, info), '>'), reply(NBD_OPT.INFO, type)]
  }

  test('in clear, each export that is listed is asked for, until one needs no TLS', async () => {
    const turns = [
      ...lists(3, LISTED),
      ...asksFor('e0', NBD_REP.ERR_TLS_REQD),
      ...asksFor('e1', NBD_REP.ACK),
    ]
    const said = 'NBD_OPT_LIST: it lists 3 exports; NBD_OPT_INFO: NBD_REP_ACK'
    expect(await clearTextOf('nbd', turns)).toEqual({ kind: 'accepted', said })
  })

  test('in clear, where all that are listed need TLS, one that is not listed may do without', async () => {
    const needs = (count: number) =>
      Array.from({ length: count }, (_, at) => asksFor(`e${at}`, NBD_REP.ERR_TLS_REQD)).flat()
    for (const [count, asked] of [
      [2, 2],
      [40, 32],
    ] as const) {
      const found = await clearTextOf('nbd', [...lists(count, LISTED), ...needs(asked)])
      const said = `NBD_OPT_LIST: it lists ${count} exports; NBD_OPT_INFO: NBD_REP_ERR_TLS_REQD`
      expect(found).toEqual({ kind: 'unknown', said })
    }
  })

  test('in clear, a list that does not come to an end tells nothing', async () => {
    const whole = [...lists(1023, LISTED), ...asksFor('e0', NBD_REP.ACK)]
    expect(await clearTextOf('nbd', whole)).toMatchObject({ kind: 'accepted' })
    const found = await clearTextOf('nbd', lists(1024))
    expect(found).toEqual({ kind: 'unknown', said: 'it lists more than 1023 exports' })
  })
})

/** MySQL's internals manual, "Protocol::HandshakeV10" and "ERR_Packet". */
describe('MySQL', () => {
  const packet = (payload: Buffer) => {
    const header = Buffer.alloc(4)
    header.writeUIntLE(payload.length, 0, 3)
    return Buffer.concat([header, payload])
  }
  const greeting = (version: number, capabilities: number) => {
    const low = Buffer.alloc(2)
    low.writeUInt16LE(capabilities)
    return packet(Buffer.concat([Buffer.of(version), Buffer.from('8.0\0'), Buffer.alloc(13), low]))
  }
  const hosts = Buffer.concat([Buffer.of(0xff, 0x69, 4), Buffer.from('Host is blocked')])

  test('an error and a server without TLS are refusals', async () => {
    expect(await resultOf('mysql', [bytesOf(packet(hosts))])).toEqual(refused('Host is blocked'))
    const without = bytesOf(greeting(10, 0xffff & ~0x800))
    const words = refused('the server does not offer CLIENT_SSL')
    expect(await resultOf('mysql', [without])).toEqual(words)
  })

  test('CLIENT_SSL alone is enough', async () => {
    // The length, the number 1, the capabilities, 16 MiB for the longest packet, utf8, and 23 zeros.
    const request = Buffer.from(`20000001018a00000000000121${'00'.repeat(23)}`, 'hex')
    const turns = [bytesOf(greeting(10, 0x800)), bytesOf(request, '>')]
    expect(await resultOf('mysql', turns)).toEqual(READY)
  })

  const LOGIN = `> \x34\0\0\x01\x01\x82${'\0'.repeat(5)}\x01\x21${'\0'.repeat(23)}cryptopolicy-audit\0\0`
  const error = (code: number, said: string) =>
    packet(Buffer.concat([Buffer.of(0xff, code & 255, code >> 8), Buffer.from(said)]))

  test.each([
    ['lets the user in', 0x800, packet(Buffer.of(0, 0)), 'accepted', 'lets the user in'],
    ['wants TLS', 0x800, error(3159, '#08004Insecure'), 'refused', '3159 Insecure'],
    ['denies the user', 0x800, error(1045, '#28000Denied'), 'unknown', '1045 Denied'],
    ['asks for more', 0x800, packet(Buffer.of(0xfe)), 'unknown', 'goes on to authenticate'],
    ['has no TLS and denies the user', 0, error(1045, 'Denied'), 'accepted', '1045 Denied'],
    ['has no TLS and asks for more', 0, packet(Buffer.of(0xfe)), 'accepted', 'goes on'],
    ['is full', 0, error(1040, '#08004Too many'), 'unknown', '1040 Too many'],
  ])('in clear, a server that %s', async (_title, capabilities, answer, kind, said) => {
    const turns = [bytesOf(greeting(10, capabilities)), LOGIN, bytesOf(answer)]
    const found = await clearTextOf('mysql', turns)
    expect(found.kind).toBe(kind)
    expect(found.said).toContain(said)
  })

  test('in clear, one that turns the client away tells nothing, another answer is refused', async () => {
    const found = await clearTextOf('mysql', [bytesOf(packet(hosts))])
    expect(found).toEqual({ kind: 'unknown', said: '1129 Host is blocked' })
    const turns = [bytesOf(greeting(10, 0x800)), LOGIN, bytesOf(packet(Buffer.of(1)))]
    await expect(clearTextOf('mysql', turns)).rejects.toThrow(ProtocolError)
  })

  test.each([
    ['an empty packet', '00000000'],
    ['a packet of more than 64 KiB', `010001000a${'00'.repeat(65_536)}`],
    ['another version', greeting(9, 0x800).toString('hex')],
    ['a greeting that is cut short', '030000000a3800'],
  ])('%s is refused', async (_title, digits) => {
    await expect(resultOf('mysql', [from(digits)])).rejects.toThrow(ProtocolError)
  })

  test('a packet of 64 KiB is read', async () => {
    const rest = Buffer.alloc(65_536 - hosts.length, 'x')
    const found = await resultOf('mysql', [bytesOf(packet(Buffer.concat([hosts, rest])))])
    expect(found).toMatchObject({ kind: 'refused' })
  })
})
