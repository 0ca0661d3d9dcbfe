/** Servers of protocols with lines that answer what recorded ones did not, in the words of their standards. */
import { describe, expect, test } from 'vitest'
import type { UpgradeResult } from '../../../src/audit/upgrades/upgrade.ts'
import { ProtocolError } from '../../../src/wire/protocol-error.ts'
import { clearTextOf, resultOf } from './scripted-server.ts'

const READY: UpgradeResult = { kind: 'ready' }

const refused = (said: string): UpgradeResult => ({ kind: 'refused', said })

const NO_STARTTLS = refused('the server does not offer STARTTLS')

const EHLO = '> EHLO audit.invalid\r\n'

/** RFC 3207; RFC 5321, section 4.2; RFC 4954, section 3. */
describe('SMTP', () => {
  const greeted = (...extensions: readonly string[]) => [
    '< 220 host ESMTP\r\n',
    EHLO,
    `< ${['host', ...extensions].map((line) => `250-${line}\r\n`).join('')}250 HELP\r\n`,
  ]

  test.each<[string, readonly string[], UpgradeResult]>([
    ['turns clients away', ['< 554 no service\r\n'], refused('554 no service')],
    ['says no 220', ['< 250-go\r\n250 on\r\n'], refused('250 on')],
    ['knows no EHLO', ['< 220 h\r\n', EHLO, '< 502 what\r\n'], refused('502 what')],
    ['has an extension of a like name', greeted('STARTTLSX', 'X STARTTLS'), NO_STARTTLS],
    [
      'spells it small',
      [...greeted('SIZE 1', 'starttls'), '> STARTTLS\r\n', '< 220 go\r\n'],
      READY,
    ],
    [
      'has no TLS at present',
      [...greeted('STARTTLS'), '> STARTTLS\r\n', '< 454 later\r\n'],
      refused('454 later'),
    ],
  ])('a server that %s', async (_title, turns, expected) => {
    expect(await resultOf('smtp', turns)).toEqual(expected)
  })

  const MAIL = '> MAIL FROM:<>\r\n'

  test.each<[string, readonly string[], string, string]>([
    ['turns clients away', ['< 421 later\r\n'], 'unknown', '421 later'],
    ['knows no EHLO', ['< 220 h\r\n', EHLO, '< 500 what\r\n'], 'unknown', '500 what'],
    ['lets users in', greeted('AUTH PLAIN EXTERNAL'), 'accepted', 'AUTH is offered'],
    ['lets users in, as old ones say it', greeted('auth=LOGIN'), 'accepted', 'AUTH is offered'],
    [
      'has EXTERNAL alone',
      [...greeted('STARTTLS', 'AUTH EXTERNAL'), MAIL, '< 530 5.7.0 TLS\r\n'],
      ...(['refused', '530 5.7.0 TLS'] as const),
    ],
    [
      'wants a login, and has no TLS',
      [...greeted(), MAIL, '< 530 5.7.0 Authentication required\r\n'],
      ...(['unknown', '530 5.7.0 Authentication required'] as const),
    ],
    [
      'needs encryption',
      [...greeted('STARTTLS'), MAIL, '< 554 5.7.10 Nein\r\n'],
      ...(['refused', '554 5.7.10 Nein'] as const),
    ],
    [
      'needs encryption, and says so in its first line',
      [...greeted('STARTTLS'), MAIL, '< 554-5.7.11 Nein\r\n554 siehe Hilfe\r\n'],
      ...(['refused', '554 siehe Hilfe'] as const),
    ],
    [
      'names the code within a text',
      [...greeted('STARTTLS'), MAIL, '< 554-no 5.7.11\r\n554 x\r\n'],
      ...(['turned-away', '554 x'] as const),
    ],
    [
      'refuses for a reason of a like number',
      [...greeted('STARTTLS'), MAIL, '< 554 5.7.100 no\r\n'],
      ...(['turned-away', '554 5.7.100 no'] as const),
    ],
    [
      'refuses for any reason',
      [...greeted('STARTTLS'), MAIL, '< 550 must use TLS\r\n'],
      ...(['turned-away', '550 must use TLS'] as const),
    ],
    [
      'refuses for the time being',
      [...greeted('STARTTLS'), MAIL, '< 451 TLS needed\r\n'],
      ...(['unknown', '451 TLS needed'] as const),
    ],
    [
      'says it in both ways',
      greeted('AUTH EXTERNAL', 'AUTH=EXTERNAL LOGIN'),
      ...(['accepted', 'AUTH is offered'] as const),
    ],
    ['takes mail', [...greeted(), MAIL, '< 250 ok\r\n'], 'accepted', 'MAIL FROM before STARTTLS'],
    ['takes no mail at all', [...greeted(), MAIL, '< 550 no\r\n'], 'unknown', '550 no'],
  ])('in clear, a server that %s', async (_title, turns, kind, said) => {
    const found = await clearTextOf('smtp', turns)
    expect(found.kind).toBe(kind)
    expect(found.said).toContain(said)
  })
})

/** RFC 959, section 5.4; RFC 4217. */
describe('FTP', () => {
  const GREETING = '< 220 ready\r\n'

  test.each<[readonly string[], UpgradeResult]>([
    [['< 421 full\r\n'], refused('421 full')],
    [['< 120 in 1 minute\r\n220 ready\r\n', '> AUTH TLS\r\n', '< 234 go\r\n'], READY],
    [['< 120 in 1 minute\r\n421 full\r\n'], refused('421 full')],
    [['< 220-a\r\n 220 b\r\n220 ready\r\n', '> AUTH TLS\r\n', '< 234 go\r\n'], READY],
    [[GREETING, '> AUTH TLS\r\n', '< 334 more\r\n'], refused('334 more')],
    [[GREETING, '> AUTH TLS\r\n', '< 504 no\r\n'], refused('504 no')],
  ])('that says %j: %j', async (turns, expected) => {
    expect(await resultOf('ftp', turns)).toEqual(expected)
  })

  test.each([
    ['230 in', 'accepted'],
    ['331 password', 'accepted'],
    ['332 account', 'accepted'],
    ['530 use TLS', 'turned-away'],
    // Words of programs: mod_tls of ProFTPD, IIS, and vsftpd where only guests are let in; and of no language they know.
    ['530 Zuerst ist TLS auszuhandeln.', 'turned-away'],
    ['550 SSL/TLS required on the control channel', 'turned-away'],
    ['534 Policy requires SSL.', 'turned-away'],
    ['530 This FTP server is anonymous only.', 'turned-away'],
    ['533 no', 'refused'],
    ['530 Permission denied.', 'turned-away'],
    ['534 no', 'turned-away'],
    ['421 Too many connections, try later', 'unknown'],
    ['421 ssl.host.example must rest', 'unknown'],
    ['421 host-ssl must rest', 'unknown'],
    ['421 SSL is slow', 'unknown'],
    ['502 TLS is unknown', 'turned-away'],
    ['232 must use TLS', 'unknown'],
  ])('in clear, that answers USER with %s: %s', async (answer, kind) => {
    const found = await clearTextOf('ftp', [GREETING, '> USER audit\r\n', `< ${answer}\r\n`])
    expect(found).toMatchObject({ kind, said: `USER: ${answer}` })
  })

  test('in clear, that names TLS in another line than the last one', async () => {
    // Pure-FTPd.
    const [first, last] = ['421-Sorry, cleartext sessions are not accepted.', '421 Reconnect.']
    const turns = [GREETING, '> USER audit\r\n', `< ${first}\r\n${last}\r\n`]
    const said = `USER: ${first}`
    const otherwise = { kind: 'unknown', said }
    expect(await clearTextOf('ftp', turns)).toEqual({ kind: 'turned-away', said, otherwise })
  })

  test('in clear, that is not ready at once', async () => {
    const turns = ['< 120-in\r\n120 1 minute\r\n220 ready\r\n', '> USER audit\r\n', '< 331 x\r\n']
    expect(await clearTextOf('ftp', turns)).toEqual({ kind: 'accepted', said: 'USER: 331 x' })
  })

  test('in clear, that turns clients away', async () => {
    const found = await clearTextOf('ftp', ['< 421 full\r\n'])
    expect(found).toEqual({ kind: 'unknown', said: '421 full' })
  })
})

/** RFC 9051, sections 6.2.1 and 7.1. */
describe('IMAP', () => {
  const STARTTLS = '> a1 STARTTLS\r\n'

  test.each<[readonly string[], UpgradeResult]>([
    [['< * BYE full\r\n'], refused('* BYE full')],
    [['< x * OK\r\n'], refused('x * OK')],
    [['< * ok hi\r\n', STARTTLS, '< * NOTE a1 OK\r\na1 ok go\r\n'], READY],
    [['< * PREAUTH hi\r\n', STARTTLS, '< a1 BAD in\r\n'], refused('a1 BAD in')],
    [['< * OK hi\r\n', STARTTLS, '< a1 NO TLS OK\r\n'], refused('a1 NO TLS OK')],
  ])('that says %j: %j', async (turns, expected) => {
    expect(await resultOf('imap', turns)).toEqual(expected)
  })

  test.each([
    ['IMAP4rev2', 'accepted'],
    ['LOGINDISABLED', 'refused'],
    ['IMAP4rev2 logindisabled STARTTLS', 'refused'],
    ['XLOGINDISABLED', 'accepted'],
    ['LOGINDISABLEDX', 'accepted'],
    ['LOGINDISABLED AUTH=EXTERNAL', 'refused'],
    ['auth=external LOGINDISABLED', 'refused'],
    ['LOGINDISABLED AUTH=EXTERNAL AUTH=SCRAM-SHA-256', 'accepted'],
    ['LOGINDISABLED XAUTH=PLAIN', 'refused'],
  ])('in clear, with the capabilities %s: %s', async (capabilities, kind) => {
    const line = `* CAPABILITY ${capabilities}`
    const turns = ['< * OK hi\r\n', '> a1 CAPABILITY\r\n', `< ${line}\r\na1 OK\r\n`]
    expect(await clearTextOf('imap', turns)).toEqual({ kind, said: line })
  })

  test('in clear, what a second line of capabilities says counts too', async () => {
    const lines = '* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n* CAPABILITY AUTH=PLAIN'
    const turns = ['< * OK hi\r\n', '> a1 CAPABILITY\r\n', `< ${lines}\r\na1 OK\r\n`]
    expect(await clearTextOf('imap', turns)).toMatchObject({ kind: 'accepted' })
  })

  test.each([
    [['< * PREAUTH root\r\n'], 'accepted', '* PREAUTH root'],
    [['< * BYE full\r\n'], 'unknown', '* BYE full'],
    [['< * OK hi\r\n', '> a1 CAPABILITY\r\n', '< * X\r\na1 BAD\r\n'], 'unknown', 'a1 BAD'],
  ])('in clear, that says %j: %s', async (turns, kind, said) => {
    expect(await clearTextOf('imap', turns)).toEqual({ kind, said })
  })
})

/** RFC 2595, section 4; RFC 1939, section 7; RFC 2449, section 6.3; RFC 5034. */
describe('POP3', () => {
  test.each<[readonly string[], UpgradeResult]>([
    [['< -ERR full\r\n'], refused('-ERR full')],
    [['< +OK hi\r\n', '> STLS\r\n', '< +OK go\r\n'], READY],
    [['< +OK hi\r\n', '> STLS\r\n', '< -ERR +OK\r\n'], refused('-ERR +OK')],
  ])('that says %j: %j', async (turns, expected) => {
    expect(await resultOf('pop3', turns)).toEqual(expected)
  })

  const NO_TLS = '-ERR TLS required'
  const asked = (greeting: string, capabilities: string, answer = NO_TLS) => [
    ...[`< ${greeting}\r\n`, '> USER audit\r\n', `< ${answer}\r\n`],
    ...['> CAPA\r\n', `< ${capabilities}\r\n`],
  ]
  const WITH_STLS = '+OK\r\nstls\r\n.'
  const UNHEARD = '-ERR never heard of mailbox name'

  test.each<[string, readonly string[], string, string]>([
    ['turns clients away', ['< -ERR full\r\n'], 'unknown', '-ERR full'],
    ['takes names', ['< +OK\r\n', '> USER audit\r\n', '< +OK\r\n'], 'accepted', 'USER: +OK'],
    ['has no CAPA', asked('+OK hi', '-ERR'), 'unknown', `USER: ${NO_TLS}`],
    ['has no STLS', asked('+OK', '+OK\r\nXSTLS\r\n.'), 'unknown', `USER: ${NO_TLS}`],
    [
      'knows no such name, and has no TLS',
      asked('+OK', '+OK\r\nTOP\r\nuser\r\n.', UNHEARD),
      ...(['accepted', 'USER is offered before STLS'] as const),
    ],
    [
      'is not well',
      asked('+OK', WITH_STLS, '-ERR [SYS/TEMP] later'),
      ...(['unknown', 'USER: -ERR [SYS/TEMP] later'] as const),
    ],
    [
      'has another mechanism',
      asked('+OK', '+OK\r\nSTLS\r\nsasl EXTERNAL CRAM-MD5\r\n.'),
      ...(['accepted', 'sasl EXTERNAL CRAM-MD5 is offered before STLS'] as const),
    ],
    ['may take digests', asked('+OK <1.2@host>', WITH_STLS), 'unknown', `USER: ${NO_TLS}`],
  ])('in clear, a server that %s', async (_title, turns, kind, said) => {
    expect(await clearTextOf('pop3', turns)).toEqual({ kind, said })
  })

  const UNKNOWN = { kind: 'unknown', said: `USER: ${NO_TLS}` }
  const OFFERED = { kind: 'accepted', said: 'USER is offered before STLS' }

  test.each<[string, readonly string[], object]>([
    ['has STLS', asked('+OK', WITH_STLS), UNKNOWN],
    ['has EXTERNAL alone', asked('+OK', '+OK\r\nSTLS\r\nSASL external\r\n.'), UNKNOWN],
    ['has SASL without any', asked('+OK', '+OK\r\nSTLS\r\nSASL \r\n.'), UNKNOWN],
    ['has another word', asked('+OK', '+OK\r\nSTLS\r\nXSASL PLAIN\r\n.'), UNKNOWN],
    ['has like words', asked('+OK', '+OK\r\nSTLS\r\nXUSER\r\n.'), UNKNOWN],
    ['greets in brackets', asked('+OK <hello>', WITH_STLS), UNKNOWN],
    ['lists USER', asked('+OK', '+OK\r\nSTLS\r\nuser\r\n.'), OFFERED],
  ])('in clear, a server that turns a name away, and %s', async (_title, turns, otherwise) => {
    const turnedAway = { kind: 'turned-away', said: `USER: ${NO_TLS}`, otherwise }
    expect(await clearTextOf('pop3', turns)).toEqual(turnedAway)
  })
})

describe('lines', () => {
  test('of 8192 bytes are read, of more not', async () => {
    const line = `220 ${'x'.repeat(8188)}`
    expect(await resultOf('ftp', [`< ${line}\n`, '> AUTH TLS\r\n', '< 234 \r\n'])).toEqual(READY)
    await expect(resultOf('ftp', [`< ${line}x\n`])).rejects.toThrow(ProtocolError)
  })

  test('of which 256 are one reply are read, more not', async () => {
    const lines = (count: number) => `< ${'220-x\r\n'.repeat(count - 1)}220 x\r\n`
    expect(await resultOf('ftp', [lines(256), '> AUTH TLS\r\n', '< 234\r\n'])).toEqual(READY)
    await expect(resultOf('ftp', [lines(257)])).rejects.toThrow(ProtocolError)
  })

  test('go into reports without what moves a cursor, and not endless', async () => {
    const said = `\x1b\x07[2Ja\x7fb\xff${'x'.repeat(300)}`
    const found = await resultOf('ftp', [`< 421 ${said}\r\n`])
    expect(found).toEqual(refused(`421  [2Ja b ${'x'.repeat(188)}`))
    expect(found).toHaveProperty('said.length', 200)
  })
})
