/** A destination over TLS: its name, its refusals, and the end of a session and of a command. */
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parseMigrationUri } from '../../../src/migration/address/migration-uri.ts'
import { type SendOptions, sendMigration } from '../../../src/migration/send/send.ts'
import { readStoredMigration } from '../../../src/migration/send/stored-migration.ts'
import { scratchFolder } from '../../cli/command.ts'
import { refusal } from '../../diagnostic-code.ts'
import { makeX509Folder } from '../../nbd/nbd-credentials.ts'
import { objectsOf } from '../../tls/objects/meeting.ts'
import { command } from '../crafted-streams.ts'
import { ANSWERED, GENEROUS, LARGE, PLAIN, SHUT } from './sent-guests.ts'

describe('over TLS', () => {
  const between = () => {
    const dir = makeX509Folder()
    const clientOf = (properties = '') =>
      objectsOf(`tls-creds-x509,id=c,endpoint=client,dir=${dir}${properties}`).credentials(
        'c',
        'client',
      )

    /** A server of Node.js; what it does when it has so many bytes. */
    const destination = async (
      bytes: number,
      behave: (socket: TLSSocket, got: Buffer) => void,
      options: TlsOptions = {},
    ) => {
      const read = (name: string) => readFileSync(join(dir, name))
      const server = createTlsServer(
        {
          ...{
            cert: read('server-cert.pem'),
            key: read('server-key.pem'),
            ca: read('ca-cert.pem'),
          },
          ...{ allowHalfOpen: true, requestCert: true, ...options },
        },
        (socket) => {
          onTestFinished(() => void socket.destroy())
          const parts: Buffer[] = []
          let got = 0
          socket.on('error', () => {})
          socket.on('data', (part: Buffer) => {
            parts.push(part)
            const before = got
            got += part.length
            if (before < bytes && got >= bytes) behave(socket, Buffer.concat(parts))
          })
        },
      ).listen(0, '127.0.0.1')
      server.on('tlsClientError', () => {})
      onTestFinished(() => void server.close())
      await once(server, 'listening')
      return (server.address() as AddressInfo).port
    }

    const sendTo = async (uri: string, stream: Buffer, more: Partial<SendOptions> = {}) => {
      const path = join(scratchFolder(), 'guest')
      writeFileSync(path, stream)
      return sendMigration(await readStoredMigration(path), parseMigrationUri(uri), {
        ...{ credentials: clientOf(), timeout: GENEROUS, signal: new AbortController().signal },
        ...more,
      })
    }
    return { destination, sendTo }
  }

  test('a guest arrives, under the name that the place tells', async () => {
    const { destination, sendTo } = between()
    let all = Buffer.alloc(0)
    let who = ''
    const port = await destination(ANSWERED.length, (socket, got) => {
      all = Buffer.from(got)
      who = `${socket.authorized} ${socket.getPeerCertificate().subject.CN}`
      socket.write(SHUT(0))
    })
    const { tls, shut } = await sendTo(`tcp:localhost:${port}`, ANSWERED)
    expect([all.equals(ANSWERED), who, shut]).toEqual([true, 'true client', 0])
    expect(tls).toMatchObject({ protocol: 'TLSv1.3' })
    expect(tls).not.toHaveProperty('socket')
  })

  test('nothing ends the session before the destination, which would not read its goodbye', async () => {
    const { destination, sendTo } = between()
    let hasEnded = false
    const port = await destination(PLAIN.length, async (socket) => {
      socket.once('end', () => {
        hasEnded = true
      })
      for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
      expect(hasEnded).toBe(false)
      socket.end()
    })
    expect(await sendTo(`tcp:localhost:${port}`, PLAIN)).toMatchObject({ shut: null })
  })

  test.each([
    ['tcp:127.0.0.1', 'other.example', 'TLS_HOST_MISMATCH'],
    ['tcp:127.0.0.1', undefined, undefined],
    ['tcp:127.0.0.1', 'localhost', undefined],
  ])('a destination at %s is to be %s: %s', async (place, hostname, code) => {
    const { destination, sendTo } = between()
    const port = await destination(ANSWERED.length, (socket) => socket.write(SHUT(0)))
    const sent = sendTo(`${place}:${port}`, ANSWERED, { hostname })
    if (code === undefined) expect(await sent).toMatchObject({ shut: 0 })
    else await expect(sent).rejects.toThrow(refusal(code))
  })

  test('a destination that refuses the certificate of this side is told with its reason', async () => {
    // It has another authority: its own certificate.
    const ca = readFileSync(join(makeX509Folder(), 'ca-cert.pem'))
    const { destination, sendTo } = between()
    const port = await destination(1, () => {}, { ca, rejectUnauthorized: true, requestCert: true })
    const sent = sendTo(`tcp:localhost:${port}`, LARGE(command(1)))
    await expect(sent).rejects.toThrow(
      expect.objectContaining({
        message: expect.stringMatching(/certificate|ended the connection/),
      }),
    )
  })

  test.each<[string, number, string]>([
    ['soon may refuse the certificate', 1, 'it may refuse this certificate; see what'],
    ['later does not', 3_000_000, 'see what its QEMU says'],
  ])('a destination that leaves %s', async (_, bytes, hint) => {
    const { destination, sendTo } = between()
    const port = await destination(bytes, (socket) => socket.destroy())
    const error = await sendTo(`tcp:localhost:${port}`, LARGE(command(1))).catch((reason) => reason)
    expect(error).toEqual(refusal('MIGRATION_DESTINATION_CLOSED'))
    expect(error.diagnostics[0].hint.slice(0, hint.length)).toBe(hint)
  })

  test('a handshake that is cancelled lets go of its connection', async () => {
    const { sendTo } = between()
    const work = new AbortController()
    const closed = Promise.withResolvers<void>()
    const server = createServer((socket) => {
      socket.on('error', () => {}).on('close', () => closed.resolve())
      socket.resume()
      socket.once('data', () => work.abort())
    }).listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const sent = sendTo(`tcp:localhost:${port}`, PLAIN, { signal: work.signal })
    await expect(sent).rejects.toThrow(refusal('MIGRATION_CANCELLED'))
    await closed.promise
  })

  /** A command that is the connection to a port, and tells its number. */
  const bridgeTo = (port: number) => {
    const file = join(scratchFolder(), 'number')
    const bridge = `exec 3<>/dev/tcp/127.0.0.1/${port}; cat <&3 & cat >&3; wait`
    const number = () => Number(readFileSync(file, 'utf8'))
    return { uri: `exec:echo $$ >${file}; exec bash -c '${bridge}'`, number }
  }
  const isRunning = (number: number) => {
    try {
      return process.kill(number, 0)
    } catch {
      return false
    }
  }

  test('a guest arrives by a command, with its answer', async () => {
    const { destination, sendTo } = between()
    const port = await destination(ANSWERED.length, (socket) => socket.end(SHUT(0)))
    const { uri } = bridgeTo(port)
    const sent = await sendTo(uri, ANSWERED, { hostname: 'localhost' })
    expect(sent).toMatchObject({ shut: 0, tls: { protocol: 'TLSv1.3' } })
  })

  test.each([
    ['in the handshake', false],
    ['to take the guest', true],
  ])('a command ends with a destination that fails %s', async (_, isSecured) => {
    const { destination, sendTo } = between()
    const port = await destination(ANSWERED.length, (socket) => socket.write(SHUT(1)))
    const { uri, number } = bridgeTo(port)
    const hostname = isSecured ? 'localhost' : 'other.example'
    const code = isSecured ? 'MIGRATION_DESTINATION_FAILED' : 'TLS_HOST_MISMATCH'
    // It does not end by itself when its input does.
    const lasting = uri.replace('wait', 'sleep 1000')
    await expect(sendTo(lasting, ANSWERED, { hostname })).rejects.toThrow(refusal(code))
    await expect.poll(() => isRunning(number()), { timeout: GENEROUS }).toBe(false)
  })

  test('a file takes no guest, and nothing is written', async () => {
    const { sendTo } = between()
    const path = join(scratchFolder(), 'file')
    const sent = sendTo(`file:${path}`, PLAIN, { hostname: 'localhost' })
    await expect(sent).rejects.toThrow(refusal('MIGRATION_URI_UNUSABLE'))
    expect(readFileSync(path)).toHaveLength(0)
  })
})
