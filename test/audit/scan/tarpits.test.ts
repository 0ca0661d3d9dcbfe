/** Servers that hold an audit up before TLS begins: every question ends in its time, and the rest is told as it is. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { DEFAULT_LIMITS, DialedSource } from '../../../src/audit/connection/dialed-source.ts'
import type { Transcript } from '../../../src/audit/connection/transcript.ts'
import { scan } from '../../../src/audit/scan/scan.ts'
import { UPGRADES } from '../../../src/audit/upgrades/all-upgrades.ts'

async function serve(behave: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {}).resume()
    behave(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

/** A byte within every limit of silence: only the limit of the question ends that. */
function drip(socket: Socket): void {
  const timer = setInterval(() => socket.write('2'), 20)
  socket.once('close', () => clearInterval(timer))
}

/** As fast as the client takes it, until it has enough. */
function flood(bytes: string): (socket: Socket) => void {
  const many = Buffer.from(bytes.repeat(1 + 65_536 / bytes.length))
  return (socket) => {
    const next = () => {
      while (socket.writable && socket.write(many));
    }
    socket.on('drain', next)
    next()
  }
}

const LIMITS = { ...DEFAULT_LIMITS, silence: 200, duration: 400, bytes: 256 * 1024 }

const SCHEMES = [...UPGRADES.map(({ scheme }) => scheme), 'ssh']

test.each<[string, (socket: Socket) => void]>([
  ['a drip', drip],
  ['a line without end', flood('2')],
  ['a greeting of SMTP and FTP that goes on for ever', flood('220-x\r\n')],
  ['an answer of SMTP that goes on for ever', flood('220 x\r\n250-x\r\n250-y\r\n')],
  ['lines of IMAP without a tag', flood('* OK x\r\n')],
  ['answers of POP3 without an end', flood('+OK x\r\n')],
  ['banners of SSH without an identification', flood('hello\r\n')],
  [
    'a stream of XMPP without an end',
    flood("<s:stream xmlns:s='http://etherx.jabber.org/streams'>"),
  ],
  ['zeros', flood('\0')],
])('%s', async (_, behave) => {
  const port = await serve(behave)
  const address = { kind: 'tcp', host: '127.0.0.1', port } as const
  const audits = SCHEMES.map(async (scheme) => {
    const kept: Transcript[] = []
    const target = { text: 'test', scheme, address, serverName: undefined }
    const result = await scan(target, {
      ...{ source: new DialedSource(address, LIMITS), seed: Buffer.alloc(32) },
      keep: (transcript) => void kept.push(transcript),
    })
    const accepted = result.tls?.versions.filter(({ result: { answer } }) => answer === 'accepted')
    expect(accepted ?? [], scheme).toEqual([])
    for (const { steps } of kept) {
      const received = steps.flatMap((step) => ('received' in step ? [step.received] : []))
      expect(Buffer.concat(received).length, scheme).toBeLessThanOrEqual(2 * LIMITS.bytes)
    }
  })
  await Promise.all(audits)
})
