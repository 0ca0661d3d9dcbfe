/** Destinations that fail, answer nonsense, or say nothing: a source never takes one of them for a guest that arrived. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parseMigrationUri } from '../../../src/migration/address/migration-uri.ts'
import { type SendOptions, sendMigration } from '../../../src/migration/send/send.ts'
import { readStoredMigration } from '../../../src/migration/send/stored-migration.ts'
import { scratchFolder } from '../../cli/command.ts'
import { runInProcess, runInterrupted } from '../../cli/in-process.ts'
import { resultOf } from '../../cli/json-output.ts'
import { refusal } from '../../diagnostic-code.ts'
import { makeX509Folder } from '../../nbd/nbd-credentials.ts'
import { objectsOf } from '../../tls/objects/meeting.ts'
import {
  type Bytes,
  bytesOf,
  command,
  EOF,
  HEADER,
  last,
  MULTIFD_SYNC,
  multifdInit,
  plainPage,
  RAM_END,
  ramSetup,
  start,
} from '../crafted-streams.ts'
import { readRecorded } from '../recorded-streams.ts'

const PLAIN = readRecorded('exec-11-pc-q35-11.1-S.bin.gz')

/** Behind the header and the configuration: QEMU_VM_COMMAND, OPEN_RETURN_PATH, no data. */
const COMMANDS_AT = 8 + 1 + 4 + PLAIN.readUInt32BE(9)
const ANSWERED = Buffer.concat([
  PLAIN.subarray(0, COMMANDS_AT),
  Buffer.from('0800010000', 'hex'),
  PLAIN.subarray(COMMANDS_AT),
])

/** MIG_RP_MSG_SHUT: number of the message, length, status. */
const SHUT = (status: number) =>
  Buffer.from(`00010004${status.toString(16).padStart(8, '0')}`, 'hex')

const GENEROUS = 240_000

/** Sends a guest to a destination that does something when it has all of it. */
async function send(stream: Buffer, whenWhole: (socket: Socket) => void, timeout = GENEROUS) {
  const { path, to } = await offer(stream, whenWhole)
  const { signal } = new AbortController()
  return sendMigration(await readStoredMigration(path), parseMigrationUri(to), { timeout, signal })
}

/** A stored guest, and such a destination. */
async function offer(stream: Buffer, whenWhole: (socket: Socket) => void) {
  const server = createServer((socket) => {
    onTestFinished(() => void socket.destroy())
    let got = 0
    socket.on('error', () => {})
    socket.on('data', (part) => {
      got += part.length
      if (got === stream.length) whenWhole(socket)
    })
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const path = join(scratchFolder(), 'guest')
  writeFileSync(path, stream)
  return { path, to: `tcp:127.0.0.1:${(server.address() as AddressInfo).port}` }
}

test('a destination that answers that it has the guest is believed', async () => {
  const result = await send(ANSWERED, (socket) => socket.write(SHUT(0)))
  expect(result).toMatchObject({ bytes: ANSWERED.length, shut: 0, pongs: 0 })
})

test('a destination that is asked for no answer has the guest when it ends the connection', async () => {
  const result = await send(PLAIN, (socket) => socket.end())
  expect(result).toMatchObject({ bytes: PLAIN.length, shut: null })
})

describe('a guest did not arrive', () => {
  test.each([1, 0x8000_0000])(
    'where the destination answers that it failed: %i',
    async (status) => {
      const sent = send(ANSWERED, (socket) => socket.write(SHUT(status)))
      await expect(sent).rejects.toThrow(refusal('MIGRATION_DESTINATION_FAILED'))
    },
  )

  test.each(['ffff000400000000', '0001000500000000'])(
    'where the answer is none: %s',
    async (answer) => {
      const sent = send(ANSWERED, (socket) => socket.end(Buffer.from(answer, 'hex')))
      await expect(sent).rejects.toThrow(refusal('MIGRATION_ANSWER_MALFORMED'))
    },
  )

  test('where the destination says nothing', async () => {
    const sent = send(ANSWERED, () => {}, 200)
    await expect(sent).rejects.toThrow(refusal('MIGRATION_NO_ANSWER'))
  })

  test('where the destination goes away without an answer', async () => {
    const sent = send(ANSWERED, (socket) => socket.end())
    await expect(sent).rejects.toThrow(refusal('MIGRATION_DESTINATION_CLOSED'))
  })

  test('where a destination that is asked for no answer resets the connection', async () => {
    const sent = send(PLAIN, (socket) => socket.resetAndDestroy())
    await expect(sent).rejects.toThrow(refusal('MIGRATION_DESTINATION_CLOSED'))
  })
})

/** A guest that no buffer of a connection holds: pages of random bytes. */
const LARGE = (commands: Bytes) => {
  const pages = Array.from({ length: 2048 }, (_, at) =>
    plainPage(at * 4096, randomBytes(4096), at === 0 ? 'ram' : undefined),
  )
  const setup = start(2, 'ram', bytesOf(ramSetup({ ram: 2048 * 4096 }), RAM_END))
  return bytesOf(HEADER, commands, setup, last(2, bytesOf(...pages, RAM_END)), EOF)
}

describe('a destination that ends while it is sent to', () => {
  /** It reads some of the guest, and then does what the test says. */
  const ending = async (stream: Buffer, behave: (socket: Socket) => void) => {
    const place = join(scratchFolder(), 'socket')
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      onTestFinished(() => void socket.destroy())
      socket.on('error', () => {})
      socket.once('data', () => {
        socket.pause()
        behave(socket)
      })
    }).listen(place)
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const path = join(scratchFolder(), 'guest')
    writeFileSync(path, stream)
    const { signal } = new AbortController()
    const migration = await readStoredMigration(path)
    return sendMigration(migration, parseMigrationUri(`unix:${place}`), {
      timeout: GENEROUS,
      signal,
    })
  }
  const OPENED = LARGE(command(1))

  test('says why, where it was asked to answer', async () => {
    const sent = ending(OPENED, (socket) => socket.write(SHUT(1), () => socket.destroy()))
    await expect(sent).rejects.toThrow(refusal('MIGRATION_DESTINATION_FAILED'))
  })

  test.each<[string, Buffer, (socket: Socket) => void]>([
    ['without a word', OPENED, (socket) => socket.destroy()],
    // It cannot have the guest yet.
    [
      'and says that it has the guest',
      OPENED,
      (socket) => socket.write(SHUT(0), () => socket.destroy()),
    ],
    [
      'and was asked for no answer',
      LARGE([]),
      (socket) => socket.write(SHUT(1), () => socket.destroy()),
    ],
  ])('%s has not got the guest', async (_, stream, behave) => {
    const error = await ending(stream, behave).catch((reason) => reason)
    expect(error).toEqual(refusal('MIGRATION_DESTINATION_CLOSED'))
    const { message, hint } = error.diagnostics[0]
    const [, bytes, total] = /after (\d+) of (\d+) bytes/.exec(message) ?? []
    expect(Number(total)).toBe(stream.length)
    expect(Number(bytes)).toBeLessThan(stream.length)
    expect(hint).toMatch(/^see what its QEMU says/)
  })
})

/** Without pages: a destination takes it at once. */
const SMALL = bytesOf(
  HEADER,
  start(2, 'ram', bytesOf(ramSetup({ ram: 0x4000 }), RAM_END)),
  last(2, RAM_END),
  EOF,
)

describe('of several channels', () => {
  /** A place where only so many handshakes begin, each when the test says so. */
  const crowded = async (count: number) => {
    const dir = makeX509Folder()
    const read = (name: string) => readFileSync(join(dir, name))
    const place = join(scratchFolder(), 'socket')
    const waiting: Socket[] = []
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      onTestFinished(() => void socket.destroy())
      if (waiting.push(socket.on('error', () => {})) === count) rmSync(place)
    }).listen(place)
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const secured = createTlsServer({
      ...{ cert: read('server-cert.pem'), key: read('server-key.pem') },
    })
    const got: string[] = []
    secured
      .on('tlsClientError', () => {})
      .on('secureConnection', (socket) => {
        socket.on('error', () => {}).on('data', (bytes) => got.push(bytes.toString('latin1')))
      })
    const accept = async (number: number) => {
      await expect.poll(() => waiting.length).toBeGreaterThan(number)
      secured.emit('connection', waiting[number])
      return waiting[number] as Socket
    }
    const client = objectsOf(`tls-creds-x509,id=c,endpoint=client,dir=${dir}`)
    const send = async (channels: Readonly<Record<string, Buffer>>) => {
      const folder = join(scratchFolder(), 'channels')
      mkdirSync(folder)
      for (const [name, bytes] of Object.entries(channels)) writeFileSync(join(folder, name), bytes)
      return sendMigration(await readStoredMigration(folder), parseMigrationUri(`unix:${place}`), {
        ...{ credentials: client.credentials('c', 'client'), hostname: 'localhost' },
        ...{ timeout: GENEROUS, signal: new AbortController().signal },
      })
    }
    return { accept, send, got: () => got.join('').length }
  }
  const channel = (number: number) => bytesOf(multifdInit(number), MULTIFD_SYNC, MULTIFD_SYNC)

  test('the one that cannot be opened is told, not those that are closed for it', async () => {
    const { accept, send } = await crowded(1)
    const sent = send({ main: LARGE([]), c0: channel(0) })
    sent.catch(() => {})
    await accept(0)
    await expect(sent).rejects.toThrow(refusal('NET_UNREACHABLE'))
  })

  test('the one that the destination ended is told, not the next that finds nothing there', async () => {
    const { accept, send, got } = await crowded(2)
    const sent = send({ main: SMALL, c0: channel(0), c1: channel(1) })
    sent.catch(() => {})
    const main = await accept(0)
    await expect.poll(got).toBe(SMALL.length)
    main.end()
    await expect.poll(() => main.writableFinished).toBe(true)
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
    await accept(1)
    const error = await sent.catch((reason) => reason)
    expect(error).toEqual(refusal('MIGRATION_DESTINATION_CLOSED'))
    expect(error.message).toMatch(/ended the connection after \d+ of \d+ bytes$/)
  })
})

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

test('a guest that goes over a network in clear is told of', async () => {
  const path = join(scratchFolder(), 'guest')
  writeFileSync(path, PLAIN)
  // A name that no resolver knows (RFC 6761 section 6.4): nothing is sent.
  const { stderr, status } = await runInProcess([
    'migrate',
    'send',
    '--input',
    path,
    '--to',
    'tcp:host.invalid:1',
  ])
  expect(stderr).toContain('warning[MIGRATION_CLEAR_TEXT]')
  expect(status).toBe(69)
  const local = await runInProcess(['migrate', 'send', '--input', path, '--to', 'tcp:127.0.0.1:1'])
  expect(local.stderr).not.toContain('MIGRATION_CLEAR_TEXT')
})

test('a guest that was taken is told as lines and as JSON', async () => {
  const { path, to } = await offer(ANSWERED, (socket) => socket.write(SHUT(0)))
  const words = ['migrate', 'send', '--input', path, '--to', to]
  const { stdout, stderr } = await runInProcess(words)
  expect([stdout, stderr]).toEqual([
    '',
    expect.stringMatching(
      /^[\d.]+ [KM]iB sent in \d+\.\d s \([\d.]+ \w+\/s\); the destination has taken the guest\n$/,
    ),
  ])
  const { seconds, ...result } = resultOf((await runInProcess([...words, '--json'])).stdout)
  expect(seconds).toBeGreaterThan(0)
  expect(result).toEqual({
    ...{ input: path, channels: 1, hasReturnPath: true, pings: 0 },
    ...{ bytes: ANSWERED.length, shut: 0, pongs: 0, tls: null },
  })
})

describe('a signal', () => {
  const words = (folder: string) => {
    writeFileSync(join(folder, 'guest'), PLAIN)
    const to = ['--to', `unix:${join(folder, 'socket')}`, '--bandwidth', '10K']
    return ['migrate', 'send', '--input', join(folder, 'guest'), ...to]
  }
  const sentIn = (stderr: string) =>
    Number(/\[MIGRATION_CANCELLED\].*after (\d+) bytes/.exec(stderr)?.[1])

  test('ends a guest that is checked, before anything is sent', async () => {
    const { status, stderr } = await runInterrupted(words(scratchFolder()))
    expect([status, sentIn(stderr)]).toEqual([1, 0])
  })

  test('ends a guest that is sent, and what was sent of it is told', async () => {
    const folder = scratchFolder()
    const server = createServer((socket) => void socket.on('error', () => {}).resume())
    onTestFinished(() => void server.close())
    const begun = once(server, 'connection').then(([socket]) => once(socket, 'data'))
    server.listen(join(folder, 'socket'))
    await once(server, 'listening')
    const { status, stderr } = await runInterrupted(words(folder), begun)
    expect([status, sentIn(stderr) > 0]).toEqual([1, true])
  })
})

test('a guest that cannot be read is told as it is', async () => {
  const { status, stderr } = await runInProcess([
    ...['migrate', 'send', '--input', '/nowhere', '--to', 'unix:/nowhere'],
  ])
  expect([status, stderr]).toEqual([66, expect.stringContaining('error[FILE_MISSING]')])
})
