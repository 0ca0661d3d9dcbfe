/** Servers, and men in the middle, that would have a client do what it was not asked to. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { ClientTls } from '../../../src/endpoint/client-tls.ts'
import { NbdClient } from '../../../src/nbd/client/nbd-client.ts'
import { listServer } from '../../../src/nbd/client/server-listing.ts'
import { NBD_OPT, NBD_REP, OLD_STYLE_MAGIC } from '../../../src/nbd/protocol/constants.ts'
import { encodeExportNameReply, encodeGreeting } from '../../../src/nbd/protocol/greeting.ts'
import { encodeOptionReply } from '../../../src/nbd/protocol/option-header.ts'
import {
  encodeErrorText,
  encodeInformation,
  encodeListedExport,
  encodeMetaContext,
} from '../../../src/nbd/protocol/option-replies.ts'
import type { TlsCredentials } from '../../../src/tls/credentials/credentials.ts'
import { scratchFolder } from '../../cli/command.ts'
import { type Script, startHostileServer } from '../hostile-server.ts'
import { makeX509Folder, x509Credentials } from '../nbd-credentials.ts'

/** Credentials that must never come to be used. */
const UNUSED: Pick<TlsCredentials, 'connect'> = {
  connect: () => Promise.reject(new Error('the TLS handshake was begun')),
}
const REQUIRED: ClientTls = { mode: 'required', credentials: UNUSED, hostname: 'localhost' }

async function connectTo(script: Script, tls: ClientTls = { mode: 'off' }) {
  const server = await startHostileServer(script)
  const outcome = await NbdClient.connect(server.address, 'disk', { tls, timeout: 240_000 }).then(
    () => 'connected',
    (error: Error) => error.message,
  )
  return { ...server, outcome }
}

const reply = (option: number, type: number, data?: Buffer) => encodeOptionReply(option, type, data)

test.each([
  ['NBD_REP_ERR_UNSUP', NBD_REP.ERR_UNSUP],
  ['NBD_REP_ERR_POLICY', NBD_REP.ERR_POLICY],
  ['NBD_REP_ERR_PLATFORM', NBD_REP.ERR_PLATFORM],
  ['NBD_REP_ERR_INVALID', NBD_REP.ERR_INVALID],
])('CVE-2019-14842: clear text is not accepted where TLS is required: %s', async (name, type) => {
  const onOption = (option: number) =>
    option === NBD_OPT.STARTTLS ? reply(option, type, encodeErrorText('no')) : undefined
  const { outcome, options } = await connectTo({ onOption }, REQUIRED)
  expect(outcome).toContain('This NBD server does not offer TLS, which is required here')
  expect(outcome).toContain(`${name}, saying "no"`)
  // Not even the name of the export was sent.
  expect(options).toEqual([NBD_OPT.STARTTLS])
})

test('taking the fixed new style away does not take TLS away', async () => {
  const { outcome, options } = await connectTo({ greeting: encodeGreeting(0) }, REQUIRED)
  expect(outcome).toContain('does not speak the fixed new style')
  expect(options).toEqual([])
})

test('a server of the old style is not listened to', async () => {
  const greeting = Buffer.concat([Buffer.from('NBDMAGIC'), OLD_STYLE_MAGIC, Buffer.alloc(136)])
  const { outcome } = await connectTo({ greeting }, REQUIRED)
  expect(outcome).toContain('speaks the old style of NBD')
})

test('CVE-2021-3716 turned round: answers put in before the TLS handshake end the connection', async () => {
  const injected = reply(NBD_OPT.STRUCTURED_REPLY, NBD_REP.ACK)
  const onOption = (option: number) => Buffer.concat([reply(option, NBD_REP.ACK), injected])
  const { outcome } = await connectTo({ onOption }, REQUIRED)
  expect(outcome).toContain('data in clear came from')
})

test('an answer to STARTTLS with data in it is none', async () => {
  const onOption = (option: number) => reply(option, NBD_REP.ACK, Buffer.from('x'))
  const { outcome } = await connectTo({ onOption }, REQUIRED)
  expect(outcome).toContain('NBD_REP_ACK with data to NBD_OPT_STARTTLS')
})

test('a failed handshake ends the connection, even where TLS is optional', async () => {
  const onOption = (option: number) => reply(option, NBD_REP.ACK)
  const credentials = x509Credentials(makeX509Folder())
  const tls = { mode: 'optional', credentials, hostname: 'localhost' } as const
  const { outcome, received } = await connectTo({ onOption }, tls)
  expect(outcome).not.toBe('connected')
  // Behind STARTTLS only a TLS handshake was sent: a record of type 22.
  expect(received().subarray(4 + 16)[0]).toBe(22)
})

test('CVE-2024-7383: the certificate of the server is checked, over a unix socket too', async () => {
  const ours = makeX509Folder()
  const { startTlsServer } = await import('../tls-server.ts')
  const address = await startTlsServer(makeX509Folder())
  const connect = (tls: Partial<ClientTls>) =>
    NbdClient.connect(address, '', {
      tls: { mode: 'required', credentials: x509Credentials(ours), ...tls } as ClientTls,
      timeout: 240_000,
    })
  await expect(connect({ hostname: 'localhost' })).rejects.toThrow(/issuer|trusted|not signed/)
  await expect(connect({})).rejects.toThrow(/No hostname for certificate validation/)
})

test('CVE-2024-7383: a certificate for another name, or no name to check, is refused', async () => {
  const folder = makeX509Folder()
  const { startTlsServer } = await import('../tls-server.ts')
  const address = await startTlsServer(folder)
  const connect = (hostname?: string) => {
    const name = hostname === undefined ? {} : { hostname }
    const tls = { mode: 'required', credentials: x509Credentials(folder), ...name } as const
    return NbdClient.connect(address, '', { tls, timeout: 240_000 })
  }
  await expect(connect('evil.example')).rejects.toThrow('evil.example')
  await expect(connect()).rejects.toThrow(/host/i)
  // The same server passes with its own name, and the negotiation begins anew inside TLS.
  await (await connect('localhost')).disconnect()
})

test('a server that asks for TLS inside TLS breaks the protocol', async () => {
  const folder = makeX509Folder()
  const { startTlsServer } = await import('../tls-server.ts')
  const onOption = (option: number) => reply(option, NBD_REP.ERR_TLS_REQD)
  const address = await startTlsServer(folder, { onOption })
  const tls = {
    mode: 'required',
    credentials: x509Credentials(folder),
    hostname: 'localhost',
  } as const
  await expect(NbdClient.connect(address, '', { tls })).rejects.toThrow(
    'NBD_REP_ERR_TLS_REQD inside TLS',
  )
})

const ack = (option: number) => reply(option, NBD_REP.ACK)

test.each<readonly [string, Script['onOption'] & object, string]>([
  ['a reply to another option', () => ack(NBD_OPT.LIST), 'a reply to NBD_OPT_LIST where'],
  ['a reply of 4 GiB', (option) => hugeReply(option), 'a reply of 4294967295 bytes'],
  ['an unknown reply', (option) => reply(option, 99), 'unknown reply 0x63'],
  [
    'no size of the export',
    (option) => (option === NBD_OPT.GO ? ack(option) : undefined),
    'no size',
  ],
  [
    'the size twice',
    (option) => {
      if (option !== NBD_OPT.GO) return undefined
      const size = encodeInformation({ type: 0, size: 1, flags: 1 })
      return Buffer.concat([reply(option, NBD_REP.INFO, size), reply(option, NBD_REP.INFO, size)])
    },
    'the size of an export twice',
  ],
  [
    'a context that was not asked for',
    (option) => {
      if (option !== NBD_OPT.SET_META_CONTEXT) return undefined
      return reply(option, NBD_REP.META_CONTEXT, encodeMetaContext({ id: 1, name: 'x:y' }))
    },
    'a metadata context that was not asked for',
  ],
  ['a long error', (option) => reply(option, NBD_REP.ERR_POLICY, Buffer.alloc(5000, 'x')), '5000'],
])('%s', async (_, onOption, words) => {
  const { outcome } = await connectTo({ onOption })
  expect(outcome).toContain('broke the protocol: it sent')
  expect(outcome).toContain(words)
})

function hugeReply(option: number): Buffer {
  const bytes = reply(option, NBD_REP.ACK)
  bytes.writeUInt32BE(0xffff_ffff, 16)
  return bytes
}

test('a server too old for NBD_OPT_GO is entered by the name of the export', async () => {
  const size = encodeExportNameReply({ size: 1 << 20, flags: 1 }, false)
  const onOption = (option: number) => {
    if (option === NBD_OPT.EXPORT_NAME) return size
    return option === NBD_OPT.GO ? reply(option, NBD_REP.ERR_UNSUP) : undefined
  }
  const { address, options } = await startHostileServer({ headers: 'simple', onOption })
  const client = await NbdClient.connect(address, 'disk')
  expect([client.info.size, client.info.blockSizes.minimum]).toEqual([1 << 20, 512])
  expect(options.slice(-2)).toEqual([NBD_OPT.GO, NBD_OPT.EXPORT_NAME])
  client.destroy()
  const { outcome } = await connectTo({ headers: 'extended', onOption })
  expect(outcome).toContain('NBD_REP_ERR_UNSUP to NBD_OPT_GO after extended headers')
})

test('a list without end is cut off', async () => {
  const entry = { name: 'x'.repeat(4096), description: 'y'.repeat(4000) }
  const onOption = (option: number) => {
    const one = reply(option, NBD_REP.SERVER, encodeListedExport(entry))
    return Buffer.concat(Array.from({ length: 5000 }, () => one))
  }
  const { address } = await startHostileServer({ onOption })
  await expect(listServer(address)).rejects.toThrow('bytes of replies to NBD_OPT_LIST')
})

test('a server that says nothing, or something else, is no NBD server', async () => {
  const said: Buffer[] = [Buffer.from('SSH-2.0-OpenSSH_9.2p1 Debian\r\n'), Buffer.alloc(0)]
  const outcomes: string[] = []
  for (const greeting of said) {
    const path = join(scratchFolder(), 'other.sock')
    const server = createServer((socket) => socket.on('error', () => {}).write(greeting))
    server.listen(path)
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const timeout = greeting.length > 0 ? 240_000 : 300
    const connection = NbdClient.connect({ kind: 'unix', path }, '', { timeout })
    outcomes.push(await connection.then(String, (error: Error) => error.message))
  }
  expect(outcomes[0]).toContain('a greeting that is not of NBD')
  expect(outcomes[1]).toContain('did not finish the negotiation within 0.3 seconds')
})

test('nothing listens there', async () => {
  const path = join(scratchFolder(), 'none.sock')
  await expect(NbdClient.connect({ kind: 'unix', path }, '')).rejects.toThrow('cannot connect to')
})

test.each([2n ** 53n, 2n ** 63n - 1n])(
  'a server without NBD_OPT_GO that has %s bytes is refused in true words',
  async (size) => {
    const onOption = (option: number) => {
      if (option === NBD_OPT.GO) return reply(option, NBD_REP.ERR_UNSUP)
      if (option !== NBD_OPT.EXPORT_NAME) return undefined
      const answer = encodeExportNameReply({ size: 0, flags: 1 }, false)
      answer.writeBigUInt64BE(size)
      return answer
    }
    const { outcome } = await connectTo({ onOption })
    expect(outcome).toContain(`has ${size} bytes, and this client can work with 2^53 - 1`)
  },
)

test('what a server refuses to tell of one export is listed beside its name', async () => {
  const onOption = (option: number, data: Buffer) => {
    if (option === NBD_OPT.LIST) {
      const names = ['secret', 'open'].map((name) =>
        reply(option, NBD_REP.SERVER, encodeListedExport({ name, description: '' })),
      )
      return Buffer.concat([...names, reply(option, NBD_REP.ACK)])
    }
    const isSecret = option === NBD_OPT.INFO && data.includes('secret')
    return isSecret ? reply(option, NBD_REP.ERR_POLICY, encodeErrorText('not you')) : undefined
  }
  const { address } = await startHostileServer({ onOption })
  const { exports } = await listServer(address, { detail: true, timeout: 240_000 })
  expect(exports).toMatchObject([
    { name: 'secret', problem: { code: 'NBD_OPTION_REFUSED' } },
    { name: 'open', info: { size: 1 << 20 } },
  ])
  expect(exports[0]?.problem?.message).toContain('not you')
})
