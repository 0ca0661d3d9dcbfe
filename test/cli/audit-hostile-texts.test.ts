/** What servers say is shown without what moves a cursor, colours a line or turns its direction. */
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import {
  encodeKeyExchangeInit,
  type KeyExchangeInit,
} from '../../src/audit/ssh/messages/key-exchange-init.ts'
import { encodePacket } from '../../src/audit/ssh/messages/packet.ts'
import { testFolder } from '../interop/convert/servers/server-process.ts'
import { startPeer } from '../interop/tls-peer.ts'
import { spawnSync } from '../peers/child-process.ts'
import { testWith } from '../peers/peer.ts'
import { runInProcess } from './in-process.ts'

/** Clears the screen, sets a title, moves up, and writes from right to left: in UTF-8, and as bytes of Latin-1. */
const HOSTILE = '\x1b[2J\x1b]0;own\x07\x1b[1A\u202e\u009b31m\u0000\x7f'

/** Control characters but the end of a line, and what turns or hides text. */
const ACTIVE = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

/** Serves texts: the first at once, each other when the client has said something. */
async function serve(texts: readonly (string | Buffer)[]): Promise<number> {
  const server = createServer((socket) => {
    const left = [...texts]
    const next = () => socket.write(left.shift() ?? '')
    socket.on('error', () => {}).on('data', () => (left.length > 0 ? next() : socket.end()))
    if (texts[0] === '') left.shift()
    else next()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

const REPORTS = [
  [],
  ['--json'],
  ['--jsonl'],
  ['--policy', 'FUTURE'],
  ['--policy', 'FUTURE', '--json'],
]

async function expectInert(target: string): Promise<string> {
  let all = ''
  for (const options of REPORTS) {
    const args = ['audit', target, '--timeout', '5', '--fail-on', 'never', ...options]
    const { stdout, stderr } = await runInProcess(args)
    const said = stdout + stderr
    expect(ACTIVE.exec(said), `${options.join(' ')}: ${JSON.stringify(said)}`).toBeNull()
    all += said
  }
  return all
}

const ldapText = Buffer.from(`x${HOSTILE}`)
const ldapBody = Buffer.concat([
  Buffer.from('02010178', 'hex'),
  Buffer.of(ldapText.length + 7),
  Buffer.from('0a01020400', 'hex'),
  Buffer.of(4, ldapText.length),
  ldapText,
])
const mysqlBody = Buffer.concat([Buffer.from('ff1504', 'hex'), Buffer.from(`#HY000x${HOSTILE}`)])
const vncReason = Buffer.from(`no${HOSTILE}`)

const STREAM = "<stream:stream xmlns:stream='http://etherx.jabber.org/streams'>"

test.each<[string, readonly (string | Buffer)[]]>([
  ['smtp', [`220 x${HOSTILE}\r\n`, `250-x${HOSTILE}\r\n250 AUTH${HOSTILE}\r\n`]],
  ['smtp', [`554 x${HOSTILE}\r\n`]],
  ['submission', ['220 x\r\n', '250 STARTTLS\r\n', `454 x${HOSTILE}\r\n`]],
  ['imap', [`* OK x${HOSTILE}\r\n`, `* CAPABILITY IMAP4rev1 ${HOSTILE}\r\na1 NO x${HOSTILE}\r\n`]],
  ['pop3', [`+OK x${HOSTILE}\r\n`, `-ERR x${HOSTILE}\r\n`, `+OK\r\nSASL X${HOSTILE}\r\n.\r\n`]],
  ['ftp', [`220 x${HOSTILE}\r\n`, `331 x${HOSTILE}\r\n`]],
  ['ldap', ['', Buffer.concat([Buffer.of(0x30, ldapBody.length), ldapBody])]],
  ['mysql', [Buffer.concat([Buffer.of(mysqlBody.length, 0, 0, 0), mysqlBody])]],
  [
    'postgresql',
    [
      '',
      Buffer.concat([
        Buffer.from('E\0\0\0'),
        Buffer.of(40),
        Buffer.from(`SX\0M${HOSTILE}\0`),
        Buffer.alloc(40),
      ]),
    ],
  ],
  ['xmpp', ['', `${STREAM}${HOSTILE}<stream:error>${HOSTILE}</stream:error>`]],
  ['vnc', ['RFB 003.008\n', Buffer.concat([Buffer.of(0, 0, 0, 0, vncReason.length), vncReason])]],
  ['nbd', [`NBDMAGIC${HOSTILE}`, HOSTILE]],
  ['rdp', ['', HOSTILE.repeat(4)]],
  ['tls', ['', `HTTP/1.1 400 ${HOSTILE}\r\n\r\n`]],
  ['ssh', [`banner ${HOSTILE}\r\nSSH-2.0-x${HOSTILE}\r\n`]],
])('of a server of %s', async (scheme, texts) => {
  await expectInert(`${scheme}://127.0.0.1:${await serve(texts)}`)
})

test('names of algorithms of SSH', async () => {
  const names = [`a${HOSTILE}`, `b${HOSTILE}`]
  const init: KeyExchangeInit = {
    ...{ cookie: Buffer.alloc(16), guessFollows: false, keyExchanges: names },
    ...{ hostKeyAlgorithms: names, ciphersToServer: names, ciphersToClient: names },
    ...{ macsToServer: names, macsToClient: names },
    ...{ compressionToServer: names, compressionToClient: names },
    ...{ languagesToServer: names, languagesToClient: names },
  }
  const packet = encodePacket(encodeKeyExchangeInit(init))
  const port = await serve([Buffer.concat([Buffer.from('SSH-2.0-x\r\n'), packet])])
  await expectInert(`ssh://127.0.0.1:${port}`)
})

testWith('openssl', 'names in certificates, and of authorities', async () => {
  const folder = testFolder()
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  const text = HOSTILE.replace('\0', '')
  const made = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'ed25519', '-nodes', '-keyout', key, '-out', certificate],
    ...['-utf8', '-subj', `/O=x${text}/CN=host${text}\n  TLS1.3   refused`],
    ...['-addext', `subjectAltName=DNS:d${text},URI:http://${text}/,email:e${text}@x`],
  ])
  expect(made.status).toBe(0)
  const port = await startPeer('openssl', (free) => [
    ...['s_server', '-accept', `127.0.0.1:${free}`, '-quiet', '-tls1_2'],
    ...['-cert', certificate, '-key', key, '-CAfile', certificate, '-verify', '1'],
  ])
  const said = await expectInert(`127.0.0.1:${port}`)
  expect(said).toContain('CN=host')
  expect(said).toContain('d·[2J')
  expect(said).toMatch(/^ {2}authority\s+O=x·\[2J/m)
  expect(said).not.toMatch(/^ +TLS1\.3 {3}refused/m)
})
