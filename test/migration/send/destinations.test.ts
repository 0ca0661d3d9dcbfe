/** Destinations that fail, answer nonsense, or say nothing: a source never takes one of them for a guest that arrived. */
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parseMigrationUri } from '../../../src/migration/address/migration-uri.ts'
import { sendMigration } from '../../../src/migration/send/send.ts'
import { readStoredMigration } from '../../../src/migration/send/stored-migration.ts'
import { scratchFolder } from '../../cli/command.ts'
import { runInProcess, runInterrupted } from '../../cli/in-process.ts'
import { resultOf } from '../../cli/json-output.ts'
import { refusal } from '../../diagnostic-code.ts'
import { makeX509Folder } from '../../nbd/nbd-credentials.ts'
import { objectsOf } from '../../tls/objects/meeting.ts'
import {
  bytesOf,
  command,
  EOF,
  HEADER,
  last,
  MULTIFD_SYNC,
  multifdInit,
  RAM_END,
  ramSetup,
  start,
} from '../crafted-streams.ts'
import { ANSWERED, GENEROUS, LARGE, PLAIN, SHUT } from './sent-guests.ts'

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

test('of a guest that goes over several channels their number is told', async () => {
  const server = createServer((socket) => socket.on('error', () => {}).resume())
  onTestFinished(() => void server.close())
  const folder = scratchFolder()
  await once(server.listen(join(folder, 'socket')), 'listening')
  const path = join(folder, 'channels')
  mkdirSync(path)
  writeFileSync(join(path, 'main'), SMALL)
  writeFileSync(join(path, 'c0'), bytesOf(multifdInit(0), MULTIFD_SYNC, MULTIFD_SYNC))
  const words = ['migrate', 'send', '--input', path, '--to', `unix:${join(folder, 'socket')}`]
  expect((await runInProcess(words)).stderr).toMatch(/ sent over 2 channels in \d/)
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
