/** What is sent of a stored migration, and how, by crafted ones. */

import { once } from 'node:events'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parseMigrationUri } from '../../../src/migration/address/migration-uri.ts'
import { Answers } from '../../../src/migration/send/answers.ts'
import { Bandwidth } from '../../../src/migration/send/bandwidth.ts'
import { PageMarks } from '../../../src/migration/send/page-marks.ts'
import { sendMigration } from '../../../src/migration/send/send.ts'
import { sendChannel } from '../../../src/migration/send/send-channel.ts'
import { readStoredMigration } from '../../../src/migration/send/stored-migration.ts'
import { scratchFolder } from '../../cli/command.ts'
import { refusal } from '../../diagnostic-code.ts'
import {
  type Bytes,
  bytesOf,
  command,
  description,
  EOF,
  HEADER,
  last,
  MULTIFD_SYNC,
  multifdInit,
  RAM_END,
  ramSetup,
  start,
  uint32,
  uint64,
  zeroPage,
} from '../crafted-streams.ts'
import { readRecorded } from '../recorded-streams.ts'

const BODY = bytesOf(
  start(2, 'ram', bytesOf(ramSetup({ ram: 0x4000 }), RAM_END)),
  last(2, bytesOf(zeroPage(0, 'ram'), zeroPage(0x1000), RAM_END)),
  EOF,
  description({ devices: [] }),
)
const MAIN = bytesOf(HEADER, BODY)
const ANSWERED = bytesOf(HEADER, command(1), command(2, uint32(1)), command(2, uint32(2)), BODY)
const channel = (number: number, syncs: number) =>
  bytesOf(multifdInit(number), ...Array.from({ length: syncs }, () => MULTIFD_SYNC))

function stored(files: Readonly<Record<string, Bytes>>): string {
  const folder = join(scratchFolder(), 'channels')
  mkdirSync(folder)
  for (const [name, bytes] of Object.entries(files))
    writeFileSync(join(folder, name), Buffer.from(bytes))
  return folder
}

const storedFile = (bytes: Bytes) => join(stored({ main: bytes }), 'main')

describe('a stored migration', () => {
  test('is sent without what stands before and behind it', async () => {
    const file = storedFile(bytesOf(Buffer.alloc(16), ANSWERED, [1, 2, 3]))
    const migration = await readStoredMigration(file)
    expect(migration).toMatchObject({
      ...{ total: ANSWERED.length, passes: 1, hasReturnPath: true, pings: 2 },
      channels: [{ file, start: 16, end: 16 + ANSWERED.length }],
    })
    expect(await readStoredMigration(storedFile(MAIN))).toMatchObject({
      hasReturnPath: false,
      pings: 0,
    })
  })

  test('has its channels in the order of their numbers, the main one first, and no answers', async () => {
    const folder = stored({
      a: channel(1, 2),
      b: channel(0, 2),
      m: MAIN,
      r: [0, 2, 0, 4, 0, 0, 0, 1],
      u: uint64(0x10),
    })
    const { channels, total } = await readStoredMigration(folder)
    expect(channels.map(({ file }) => file.at(-1))).toEqual(['m', 'b', 'a', 'u'])
    expect(total).toBe(MAIN.length + 2 * channel(0, 2).length + 8)
  })

  test.each<[string, () => string, string]>([
    ['standard input', () => '-', 'MIGRATION_NOT_SENDABLE'],
    ['a channel alone', () => storedFile(channel(0, 1)), 'MIGRATION_NOT_SENDABLE'],
    [
      'one whose pages have fixed places',
      () => storedFile(readRecorded('file-11-mapped-ram.bin.gz')),
      'MIGRATION_NOT_SENDABLE',
    ],
    ['one that is cut', () => storedFile(MAIN.subarray(0, -1)), 'MIGRATION_STREAM_CUT'],
  ])('%s is not sent', async (_, place, code) => {
    await expect(readStoredMigration(place())).rejects.toThrow(refusal(code))
  })
})

describe('marks', () => {
  test('give the last one that does not stand behind a byte', () => {
    const marks = new PageMarks()
    expect(marks.last).toEqual({ at: 0, pages: 0, pass: 0 })
    const mark = (at: number) => ({ at, pages: at / 1024, pass: 1 })
    // The second is nearer than is kept.
    for (const at of [262_144, 300_000, 524_288, 786_432, 786_433]) marks.add(mark(at))
    const found = [0, 262_143, 262_144, 524_287, 524_288, 786_431, 786_432, 786_433, 2 ** 40]
    expect(found.map((at) => marks.before(at).at)).toEqual([
      ...[0, 0, 262_144, 262_144, 524_288, 524_288, 786_432, 786_433, 786_433],
    ])
    expect(marks.last.at).toBe(786_433)
  })

  test('are every second one where there are many', () => {
    const marks = new PageMarks()
    const step = 262_144
    for (let count = 1; count <= 4096; count++)
      marks.add({ at: count * step, pages: count, pass: 1 })
    expect([step, 2 * step, 3 * step].map((at) => marks.before(at).pages)).toEqual([0, 2, 2])
    marks.add({ at: 4097 * step, pages: 4097, pass: 1 })
    marks.add({ at: 4098 * step, pages: 4098, pass: 1 })
    marks.add({ at: 4099 * step, pages: 4099, pass: 1 })
    expect(marks.before(4098 * step + 1).pages).toBe(4098)
  })
})

describe('the bandwidth', () => {
  test('is a whole number of bytes, as many as were saved up', async () => {
    let now = 0
    const bandwidth = new Bandwidth(1000, () => now)
    now += 35.7
    expect(await bandwidth.take(30)).toBe(30)
    now += 0.3
    expect(await bandwidth.take(6)).toBe(6)
    now += 1_000_000
    expect(await bandwidth.take(1000)).toBe(100)
    expect(bandwidth.limit).toBe(1000)
  })

  test('without a limit waits for nothing, and a wait ends with its signal', async () => {
    expect(await new Bandwidth().take(5)).toBe(5)
    const work = new AbortController()
    const waiting = new Bandwidth(1, () => 0).take(5, work.signal)
    work.abort()
    await expect(waiting).rejects.toThrow('aborted')
  })
})

describe('a channel', () => {
  const sent = async (bytes: Buffer, first: number, end: number, limit?: number) => {
    const file = storedFile(bytes)
    const pieces: Buffer[] = []
    const told: number[] = []
    const stream = new Writable({
      write: (piece: Buffer, _, done) => {
        pieces.push(Buffer.from(piece))
        setImmediate(done)
      },
    })
    const options = { bandwidth: new Bandwidth(limit), signal: new AbortController().signal }
    const place = { file, start: first, end, marks: new PageMarks() }
    await sendChannel(place, stream, { ...options, onSent: (count) => told.push(count) })
    expect(told).toEqual(pieces.map(({ length }) => length))
    return { bytes: Buffer.concat(pieces), sizes: told }
  }

  test('is sent from its first byte to its last, in pieces', async () => {
    const bytes = Buffer.from(Array.from({ length: 600_000 }, (_, at) => at % 251))
    const { bytes: all, sizes } = await sent(bytes, 0, 600_000)
    expect(all.equals(bytes)).toBe(true)
    expect(sizes).toEqual([262_144, 262_144, 75_712])
    expect((await sent(bytes, 5, 10)).bytes).toEqual(bytes.subarray(5, 10))
    expect((await sent(bytes, 5, 5)).sizes).toEqual([])
    // Two parts of the file, of which the first ends at 1 MiB.
    const large = Buffer.alloc(1_500_000, 3)
    expect((await sent(large, 1_048_570, 1_048_580)).bytes).toHaveLength(10)
  })
})

describe('answers', () => {
  const pong = Buffer.from('0002000400000007', 'hex')

  test('are counted, and the last says whether the guest was taken', async () => {
    const stream = new PassThrough()
    const answers = new Answers('there', stream, true)
    stream.write(pong)
    stream.write(Buffer.concat([pong, Buffer.from('0001000400000003', 'hex')]))
    expect(await answers.shut).toBe(3)
    expect(answers.pongs).toBe(2)
    stream.end()
    expect(await answers.closed).toBeUndefined()
  })

  test('that are none are told, unless none are expected', async () => {
    const stream = new PassThrough()
    const answers = new Answers('there', stream, true)
    stream.write('HTTP')
    await expect(answers.shut).rejects.toThrow(refusal('MIGRATION_ANSWER_MALFORMED'))
    const other = new PassThrough()
    const silent = new Answers('there', other, false)
    other.end('HTTP')
    expect(await silent.closed).toBeUndefined()
    expect(silent.pongs).toBe(0)
  })

  test('end with what broke the connection', async () => {
    const stream = new PassThrough()
    const { closed } = new Answers('there', stream, true)
    stream.destroy(new Error('broken'))
    expect(await closed).toMatchObject({ message: 'broken' })
  })
})

describe('a migration', () => {
  const destination = async (behave: (socket: Socket, bytes: Buffer) => void) => {
    const path = join(scratchFolder(), 'socket')
    const sockets = new Set<Socket>()
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      sockets.add(socket.on('error', () => {}))
      const parts: Buffer[] = []
      socket.on('data', (part: Buffer) => {
        parts.push(part)
        behave(socket, Buffer.concat(parts))
      })
      socket.on('end', () => socket.end())
    })
    server.listen(path)
    await once(server, 'listening')
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy()
      server.close()
    })
    return parseMigrationUri(`unix:${path}`)
  }
  const send = async (
    bytes: Bytes,
    behave: (socket: Socket, got: Buffer) => void,
    signal = new AbortController().signal,
  ) =>
    sendMigration(await readStoredMigration(storedFile(bytes)), await destination(behave), {
      timeout: 100_000,
      signal,
    })
  const answer = (hex: string) => (socket: Socket, bytes: Buffer) => {
    if (bytes.length === ANSWERED.length) socket.write(Buffer.from(hex, 'hex'))
  }

  test('without a return path is over when the connection ends', async () => {
    let got: Buffer = Buffer.alloc(0)
    const result = await send(MAIN, (_, bytes) => {
      got = bytes
    })
    expect(result).toEqual({ bytes: MAIN.length, shut: null, pongs: 0, tls: null })
    expect(got.equals(MAIN)).toBe(true)
  })

  test('with a return path is over when the destination says so', async () => {
    const result = await send(
      ANSWERED,
      answer('00020004000000010002000400000002 0001000400000000'.replace(' ', '')),
    )
    expect(result).toEqual({ bytes: ANSWERED.length, shut: 0, pongs: 2, tls: null })
  })

  test.each<[string, (socket: Socket, bytes: Buffer) => void, string]>([
    ['says that it failed', answer('0001000400000001'), 'MIGRATION_DESTINATION_FAILED'],
    ['says what is no answer', answer('ffff000000000000'), 'MIGRATION_ANSWER_MALFORMED'],
    [
      'ends before it answers',
      (socket, bytes) => void (bytes.length === ANSWERED.length && socket.end()),
      'MIGRATION_DESTINATION_CLOSED',
    ],
  ])('fails where the destination %s', async (_, behave, code) => {
    await expect(send(ANSWERED, behave)).rejects.toThrow(refusal(code))
  })

  test('that is cancelled says how much was sent, and lets go of its connection', async () => {
    const work = new AbortController()
    const closed = Promise.withResolvers<void>()
    const cancel = (socket: Socket, bytes: Buffer) => {
      if (bytes.length < ANSWERED.length) return
      socket.once('close', () => closed.resolve())
      work.abort()
    }
    const sending = send(ANSWERED, cancel, work.signal)
    await expect(sending).rejects.toThrow(refusal('MIGRATION_CANCELLED'))
    await closed.promise
  })

  test('of several channels needs a place that takes several connections', async () => {
    const migration = await readStoredMigration(stored({ a: channel(0, 2), m: MAIN }))
    const { signal } = new AbortController()
    const to = parseMigrationUri('exec:cat')
    await expect(sendMigration(migration, to, { timeout: 100_000, signal })).rejects.toThrow(
      refusal('MIGRATION_URI_UNUSABLE'),
    )
  })

  test('into a file leaves what stands before and behind it', async () => {
    const path = join(scratchFolder(), 'file')
    const migration = await readStoredMigration(storedFile(MAIN))
    const to = (offset: number) => parseMigrationUri(`file:${path},offset=${offset}`)
    const { signal } = new AbortController()
    await sendMigration(migration, to(0), { timeout: 100_000, signal })
    expect(readFileSync(path).equals(MAIN)).toBe(true)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    writeFileSync(path, Buffer.alloc(MAIN.length + 9, 7))
    await sendMigration(migration, to(4), { timeout: 100_000, signal })
    expect(readFileSync(path).equals(bytesOf([7, 7, 7, 7], MAIN, [7, 7, 7, 7, 7]))).toBe(true)
  })

  test.each([
    ['exec:cat >/dev/null; exit 3', 'MIGRATION_COMMAND_FAILED'],
    ['vsock:2:1', 'MIGRATION_URI_UNUSABLE'],
    ['fd:9999', 'MIGRATION_URI_UNUSABLE'],
    ['file:/nowhere/file', 'FILE_UNWRITABLE'],
  ])('to %s fails', async (text, code) => {
    const migration = await readStoredMigration(storedFile(MAIN))
    const { signal } = new AbortController()
    await expect(
      sendMigration(migration, parseMigrationUri(text), { timeout: 100_000, signal }),
    ).rejects.toThrow(refusal(code))
  })

  test('to a file in a folder that is missing fails with that folder', async () => {
    const folder = join(scratchFolder(), 'missing')
    const migration = await readStoredMigration(storedFile(MAIN))
    const to = parseMigrationUri(`file:${folder}/guest`)
    const { signal } = new AbortController()
    await expect(sendMigration(migration, to, { timeout: 100_000, signal })).rejects.toThrow(
      `cannot write ${folder}: it does not exist`,
    )
  })

  test('to a command with a return path is over when the command answers', async () => {
    const migration = await readStoredMigration(storedFile(ANSWERED))
    const answer = String.raw`printf '\0\1\0\4\0\0\0\0'`
    const to = parseMigrationUri(`exec:head -c ${ANSWERED.length} >/dev/null; ${answer}`)
    const { signal } = new AbortController()
    const result = await sendMigration(migration, to, { timeout: 100_000, signal })
    expect(result).toMatchObject({ bytes: ANSWERED.length, shut: 0 })
  })

  test('to a command that takes it is over when the command is', async () => {
    const path = join(scratchFolder(), 'out')
    const migration = await readStoredMigration(storedFile(MAIN))
    const { signal } = new AbortController()
    await sendMigration(migration, parseMigrationUri(`exec:cat >${path}`), {
      timeout: 100_000,
      signal,
    })
    expect(readFileSync(path).equals(MAIN)).toBe(true)
  })
})
