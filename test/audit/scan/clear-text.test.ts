/** Servers that turn clients away in clear: whether TLS is what they miss shows within TLS, in this process. */
import type { TLSSocketOptions } from 'node:tls'
import { expect, test } from 'vitest'
import type { Transport } from '../../../src/audit/connection/transport.ts'
import { scan } from '../../../src/audit/scan/scan.ts'
import type { ClearText } from '../../../src/audit/upgrades/upgrade.ts'
import { makeIdentity } from '../../tls/certificates.ts'
import { countedSource } from '../counted-source.ts'
import { connectToNode } from '../node-tls-server.ts'

const { certificate, key } = makeIdentity('localhost', 'rsa-2048')
const CREDENTIALS: TLSSocketOptions = { cert: certificate, key }

const BEGIN_TLS = 'begin TLS'

type Words = {
  readonly greeting?: string
  /** What is said in clear to these bytes. */
  readonly inClear: (said: string) => string
  /** The same within TLS; undefined ends the connection. */
  readonly withinTls: (said: string) => string | undefined
}

/** A connection that is in clear until a client asks for TLS; a byte is a character. */
function connectTo({ greeting, inClear, withinTls }: Words, options: TLSSocketOptions): Transport {
  const { transport, socket } = connectToNode({ ...CREDENTIALS, ...options })
  socket.removeAllListeners('data').on('data', (data: Buffer) => {
    const answer = withinTls(data.toString('latin1'))
    if (answer === undefined) socket.end()
    else socket.write(Buffer.from(answer, 'latin1'))
  })
  const ready = greeting === undefined ? [] : [Buffer.from(greeting)]
  let isClear = true
  return {
    ...transport,
    send: (bytes) => {
      if (!isClear) return transport.send(bytes)
      const answer = inClear(bytes.toString('latin1'))
      const [, words = answer] = answer.split(BEGIN_TLS)
      ready.push(Buffer.from(words, 'latin1'))
      isClear = words === answer
    },
    receive: async () => ready.shift() ?? transport.receive(),
  }
}

async function judged(
  scheme: string,
  words: Words,
  options: TLSSocketOptions = {},
): Promise<ClearText | null> {
  const source = countedSource(async () => connectTo(words, options))
  const address = { kind: 'tcp', host: 'localhost', port: 1 } as const
  const target = { text: 'x', scheme, address, serverName: undefined }
  const { clearText } = await scan(target, { source, seed: Buffer.alloc(32, 3) })
  return clearText
}

/** PostgreSQL's documentation, "Message Formats". */
const error = (message: string, routine = 'ClientAuthentication') => {
  const fields = `SFATAL\0C28000\0M${message}\0R${routine}\0\0`
  return `E\0\0\0${String.fromCharCode(4 + fields.length)}${fields}`
}
const NO_LINE = error('kein Eintrag')
const postgresql = (withinTls: Words['withinTls']): Words => ({
  inClear: (said) => (said.length === 8 ? `${BEGIN_TLS}S` : NO_LINE),
  withinTls: (said) => (said.includes('user\0audit') ? withinTls(said) : undefined),
})

const VERSIONS: readonly [string, TLSSocketOptions][] = [
  ['TLS 1.3', { minVersion: 'TLSv1.3' }],
  ['TLS 1.2', { maxVersion: 'TLSv1.2' }],
  ['TLS 1.2 without groups', { maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256' }],
]

test.each(VERSIONS)(
  'in %s, a user whom PostgreSQL asks for a password missed TLS',
  async (_, options) => {
    const found = await judged(
      'postgresql',
      postgresql(() => 'R\0\0\0\x08\0\0\0\x03'),
      options,
    )
    expect(found).toEqual({
      kind: 'refused',
      said: '28000 kein Eintrag; within TLS the server goes on',
    })
  },
)

test('a line of PostgreSQL that wants a certificate is one for TLS', async () => {
  const wants = error('connection requires a valid client certificate')
  expect(
    await judged(
      'postgresql',
      postgresql(() => wants),
    ),
  ).toMatchObject({ kind: 'refused' })
})

test.each<[string, string | undefined]>([
  ['turned away in the same way', NO_LINE],
  ['turned away by another line', error('Ident authentication failed', 'auth_failed')],
  ['given no answer', undefined],
  ['answered by another protocol', 'HTTP/1.1 400 no'],
])('a user of PostgreSQL who within TLS is %s tells nothing of others', async (_, answer) => {
  const found = await judged(
    'postgresql',
    postgresql(() => answer),
  )
  expect(found).toEqual({ kind: 'unknown', said: '28000 kein Eintrag' })
})

test('without a handshake to its end nothing is learnt', async () => {
  const words = postgresql(() => 'R')
  const options = { requestCert: true, rejectUnauthorized: true, maxVersion: 'TLSv1.2' } as const
  expect(await judged('postgresql', words, options)).toMatchObject({ kind: 'unknown' })
})

/** A server that lists USER, and turns a name away in clear: RFC 1939, section 7. */
const pop3 = (withinTls: Words['withinTls']): Words => {
  const replies: Readonly<Record<string, string>> = {
    'STLS\r\n': `${BEGIN_TLS}+OK\r\n`,
    'CAPA\r\n': '+OK\r\nUSER\r\nSTLS\r\n.\r\n',
  }
  const inClear = (said: string) => replies[said] ?? '-ERR kein Zutritt\r\n'
  return { greeting: '+OK\r\n', inClear, withinTls }
}

test('a name that POP3 takes within TLS missed it', async () => {
  const found = await judged(
    'pop3',
    pop3(() => '+OK\r\n'),
  )
  const said = 'USER: -ERR kein Zutritt; within TLS the server goes on'
  expect(found).toEqual({ kind: 'refused', said })
})

test('a name that POP3 takes nowhere does not hide that others are taken', async () => {
  const found = await judged(
    'pop3',
    pop3(() => '-ERR kein Zutritt\r\n'),
  )
  expect(found).toEqual({ kind: 'accepted', said: 'USER is offered before STLS' })
  const unlearnt = await judged(
    'pop3',
    pop3(() => undefined),
  )
  expect(unlearnt).toEqual({ kind: 'unknown', said: 'USER: -ERR kein Zutritt' })
})
