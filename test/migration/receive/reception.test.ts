/** A guest is received within the process of the test: from connections that are two ends of a stream. */
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { type Duplex, duplexPair, PassThrough } from 'node:stream'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { digestLine } from '../../../src/migration/receive/file-store.ts'
import { openStore } from '../../../src/migration/receive/open-store.ts'
import { PieceWriter } from '../../../src/migration/receive/piece-writer.ts'
import { describeReceived, receivedToJson } from '../../../src/migration/receive/received-report.ts'
import {
  Reception,
  type ReceptionOptions,
  type ReceptionProgress,
} from '../../../src/migration/receive/reception.ts'
import { SourceDialogue } from '../../../src/migration/receive/source-dialogue.ts'
import { scratchFolder } from '../../cli/command.ts'
import { refusal } from '../../diagnostic-code.ts'
import { execFileSync } from '../../peers/child-process.ts'
import {
  type Bytes,
  bytesOf,
  command,
  configuration,
  description,
  EOF,
  full,
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

const DESCRIPTION = description({
  devices: [{ name: 'cpu', instance_id: 0, version: 1, fields: [{ size: 1 }] }],
})
const SETUP = start(2, 'ram', bytesOf(ramSetup({ ram: 0x4000 }), RAM_END))
const REST = bytesOf(last(2, bytesOf(zeroPage(0x1000, 'ram'), RAM_END)), full(4, 'cpu', [1]), EOF)
const guest = (...commands: readonly Bytes[]) =>
  bytesOf(HEADER, configuration('pc-q35-8.0'), ...commands, SETUP, REST)
const RETURN_PATH = command(1)
const PONG = '0002000400000007'
const SHUT_WHOLE = '0001000400000000'
const SHUT_FAILED = '0001000400000001'

type Receiving = Awaited<ReturnType<typeof receiver>>

const init = (channel: number, uuid = 1) => multifdInit(channel, Buffer.alloc(16, uuid))

async function receiver(options: Partial<ReceptionOptions> = {}) {
  const folder = scratchFolder()
  const path = join(folder, 'guest')
  const { multifd = 0 } = options
  const store = await openStore(path, multifd)
  const reception = new Reception({ store, multifd, idleLimit: 0, ...options })
  const connect = (sentTickets = false) => {
    const [source, stream] = duplexPair()
    let answers = ''
    source.on('data', (bytes: Buffer) => {
      answers += bytes.toString('hex')
    })
    stream.on('error', () => {})
    source.on('error', () => {})
    let isLetIn = false
    const letIn = async () => {
      isLetIn = true
    }
    const taken = reception.take({ stream, sentTickets }, { withinLimit: (work) => work(), letIn })
    taken.catch(() => {})
    return {
      source: source as Duplex,
      stream: stream as Duplex,
      taken,
      answers: () => answers,
      isLetIn: () => isLetIn,
    }
  }
  return { folder, path, reception, connect }
}

describe('a guest of one channel', () => {
  test('is stored with its digest, for its owner alone', async () => {
    const { folder, path, reception, connect } = await receiver()
    const { source, taken, answers, isLetIn } = connect()
    const sent = bytesOf(guest(command(2, uint32(7))), DESCRIPTION)
    // Fewer bytes than tell what it is.
    source.write(sent.subarray(0, 5))
    await new Promise(setImmediate)
    expect(readdirSync(folder)).not.toContain('guest')
    source.end(sent.subarray(5))
    const received = await reception.outcome
    expect(await taken).toBe('main channel')
    expect([isLetIn(), answers()]).toEqual([true, ''])
    expect(readFileSync(path).equals(sent)).toBe(true)
    const sha256 = createHash('sha256').update(sent).digest('hex')
    expect(readFileSync(`${path}.sha256`, 'utf8')).toBe(`${sha256}  guest\n`)
    expect([path, `${path}.sha256`].map((file) => statSync(file).mode & 0o777)).toEqual([
      0o600, 0o600,
    ])
    expect(readdirSync(folder).sort()).toEqual(['guest', 'guest.sha256'])
    expect(received).toMatchObject({ path, hasReturnPath: false, warnings: [] })
    const text = `${path}: pc-q35-8.0, ${sent.length} bytes in 1.5 s; 1 pages in 1 pass; the source has no return path`
    expect(describeReceived(received, 1.5)).toBe(text)
    expect(describeReceived(received, 0)).toContain(' in 0.1 s;')
    expect(receivedToJson(received, 1.5)).toEqual({
      ...{
        file: path,
        bytes: sent.length,
        sha256,
        complete: true,
        machine: 'pc-q35-8.0',
        returnPath: false,
      },
      ram: {
        blocks: [{ name: 'ram', size: 0x4000 }],
        pages: { normal: 0, zero: 1, compressed: 0, xbzrle: 0, mapped: 0 },
        passes: 1,
      },
      channels: [{ file: path, kind: 'main', number: null, bytes: sent.length, sha256 }],
      seconds: 1.5,
    })
  })

  test('that has a return path is told so when it is stored, and not before', async () => {
    const { path, reception, connect } = await receiver()
    const { source, answers } = connect()
    const sent = bytesOf(guest(RETURN_PATH, command(2, uint32(7))), DESCRIPTION)
    source.write(sent.subarray(0, -1))
    await expect.poll(answers).toBe(PONG)
    expect(existsSync(path)).toBe(false)
    source.write(sent.subarray(-1))
    await expect.poll(answers).toBe(PONG + SHUT_WHOLE)
    expect(existsSync(path)).toBe(true)
    source.end()
    expect(await reception.outcome).toMatchObject({ hasReturnPath: true })
  })

  test('without a return path is stored when its source ends, not when it has said all', async () => {
    const { path, reception, connect } = await receiver()
    const told: string[] = []
    const { source } = connect()
    source.write(bytesOf(guest(), DESCRIPTION))
    for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate)
    told.push(`${existsSync(path)}`)
    source.end()
    await reception.outcome
    expect([...told, `${existsSync(path)}`]).toEqual(['false', 'true'])
  })

  test('whose connection breaks is told with what broke it', async () => {
    const { reception, connect } = await receiver()
    const { source, stream } = connect()
    source.write(guest().subarray(0, 100))
    await expect.poll(() => source.writableLength).toBe(0)
    stream.destroy(new Error('reset by the peer'))
    const error = await reception.outcome.catch((reason) => reason)
    expect(error.diagnostics).toMatchObject([
      { code: 'MIGRATION_STREAM_CUT' },
      { code: 'ENDPOINT_CLIENT_LOST', message: expect.stringContaining('reset by the peer') },
    ])
  })

  test('without a description is stored when the source ends, and a warning says so', async () => {
    const { reception, connect } = await receiver()
    connect().source.end(guest())
    expect((await reception.outcome).warnings).toMatchObject([{ code: 'MIGRATION_NO_DESCRIPTION' }])
  })

  test.each<[string, Bytes, string, string]>([
    ['is cut', guest(RETURN_PATH).subarray(0, -1), 'MIGRATION_STREAM_CUT', SHUT_FAILED],
    ['is cut without a return path', guest().subarray(0, -1), 'MIGRATION_STREAM_CUT', ''],
    [
      'is wrong',
      bytesOf(HEADER, configuration('pc'), RETURN_PATH, [9]),
      'MIGRATION_STREAM_MALFORMED',
      SHUT_FAILED,
    ],
    ['goes on with post-copy', guest(command(3, [])), 'MIGRATION_POSTCOPY_REFUSED', ''],
    ['runs on both sides', guest(RETURN_PATH, command(8)), 'MIGRATION_COLO_REFUSED', SHUT_FAILED],
  ])('that %s is not stored', async (_, sent, code, told) => {
    const { folder, reception, connect } = await receiver()
    const { source, taken, answers } = connect()
    source.end(Buffer.from(sent))
    await expect(reception.outcome).rejects.toThrow(
      expect.objectContaining({ diagnostics: [expect.objectContaining({ code })] }),
    )
    expect(await taken).toBe('main channel, and the migration failed')
    expect(readdirSync(folder)).toEqual([])
    expect(answers()).toBe(told)
  })

  test('needs a return path where session tickets were sent to it', async () => {
    const { reception, connect } = await receiver()
    connect(true).source.end(guest())
    await expect(reception.outcome).rejects.toThrow(refusal('MIGRATION_RETURN_PATH_REQUIRED'))
    const other = await receiver()
    const { source } = other.connect(true)
    source.end(bytesOf(guest(RETURN_PATH), DESCRIPTION))
    expect(await other.reception.outcome).toMatchObject({ hasReturnPath: true })
  })

  test('that is silent for too long is given up, with what it had sent', async () => {
    const { folder, reception, connect } = await receiver({ idleLimit: 0.05 })
    connect().source.write(guest().subarray(0, 100))
    await expect(reception.outcome).rejects.toThrow(refusal('MIGRATION_SOURCE_SILENT'))
    expect(readdirSync(folder)).toEqual([])
  })

  test('that is cancelled is not stored', async () => {
    const { folder, reception, connect } = await receiver()
    const { source, taken } = connect()
    source.write(guest(RETURN_PATH).subarray(0, 100))
    await new Promise(setImmediate)
    reception.cancel()
    await expect(reception.outcome).rejects.toThrow(refusal('MIGRATION_RECEIVE_CANCELLED'))
    source.end()
    await taken
    expect(readdirSync(folder)).toEqual([])
  })

  test('says on its way how far it is', async () => {
    const told: ReceptionProgress[] = []
    const { reception, connect } = await receiver({
      onProgress: (progress) => void told.push(progress),
    })
    const sent = guest()
    connect().source.end(sent)
    await reception.outcome
    expect(told.at(-1)).toEqual({ bytes: sent.length, pages: 1, passes: 1 })
  })
})

describe('a guest of several channels', () => {
  const channels = async (...others: readonly Bytes[]) => {
    const receiving = await receiver({ multifd: others.length })
    const opened = others.map((bytes) => {
      const channel = receiving.connect()
      channel.source.end(Buffer.from(bytes))
      return channel
    })
    receiving.connect().source.end(bytesOf(guest(), DESCRIPTION))
    return { ...receiving, opened }
  }

  test('is stored in a folder, with a digest of each', async () => {
    const { folder, path, reception, opened } = await channels(
      bytesOf(init(1), MULTIFD_SYNC, MULTIFD_SYNC),
      bytesOf(init(0), MULTIFD_SYNC, MULTIFD_SYNC),
    )
    const received = await reception.outcome
    const names = ['main', 'multifd-0', 'multifd-1']
    expect(readdirSync(folder)).toEqual(['guest'])
    expect(readdirSync(path).sort()).toEqual(names.flatMap((name) => [name, `${name}.sha256`]))
    expect(
      readFileSync(join(path, 'multifd-1')).equals(bytesOf(init(1), MULTIFD_SYNC, MULTIFD_SYNC)),
    ).toBe(true)
    for (const name of names) {
      const digest = createHash('sha256')
        .update(readFileSync(join(path, name)))
        .digest('hex')
      expect(readFileSync(join(path, `${name}.sha256`), 'utf8')).toBe(`${digest}  ${name}\n`)
      expect(statSync(join(path, name)).mode & 0o777).toBe(0o600)
    }
    expect(statSync(path).mode & 0o777).toBe(0o700)
    expect(await Promise.all(opened.map(({ taken }) => taken))).toEqual([
      'channel multifd-1',
      'channel multifd-0',
    ])
    expect(receivedToJson(received, 1)).toMatchObject({
      channels: [
        { kind: 'main', number: null },
        { kind: 'multifd', number: 1 },
        { kind: 'multifd', number: 0 },
      ],
    })
  })

  test('that has not caught up is not stored', async () => {
    const { folder, reception } = await channels(bytesOf(init(0), MULTIFD_SYNC))
    await expect(reception.outcome).rejects.toThrow(refusal('MIGRATION_CHANNEL_INCOMPLETE'))
    expect(readdirSync(folder)).toEqual([])
  })

  const refused = async (
    multifd: number,
    first: readonly Bytes[],
    bytes: Bytes,
    isLast = false,
  ) => {
    const { connect, reception } = await receiver({ multifd })
    for (const before of first) connect().source.write(Buffer.from(before))
    await new Promise((resolve) => setImmediate(resolve))
    const { source, stream, taken } = connect()
    if (isLast) source.end(Buffer.from(bytes))
    else source.write(Buffer.from(bytes))
    // A connection is closed when both sides have ended it.
    if (isLast) stream.end()
    const outcome = await taken.then(String, (error: Error) => error.message)
    reception.cancel()
    return outcome
  }

  test.each<[string, number, readonly Bytes[], Bytes, string, boolean?]>([
    ['where none is expected', 0, [], init(0), 'the source has multifd channels'],
    ['of a higher number', 2, [], init(2), 'it is channel 2 of 2, counted from 0'],
    ['of a number that is there', 2, [init(1)], init(1), 'there is a channel 1 already'],
    ['of another guest', 2, [init(1)], init(0, 2), 'it is of another guest'],
    ['of another kind', 2, [], [0, 2, 0, 4, 0, 0, 0, 1], 'it is a return-path channel'],
    ['of another kind', 2, [], uint64(8), 'it is a preempt channel'],
    [
      'that is a second main channel',
      0,
      [guest().subarray(0, 60)],
      guest(),
      'there is a main channel already',
    ],
    ['that says nothing', 0, [], [], 'it ended at once', true],
    ['of another protocol', 0, [], Buffer.from('GET / HTTP/1.0'), 'it begins with 0x47455420'],
    ['that leaves before its guest', 1, [], init(0), 'it left before its guest came', true],
    [
      'that is cut in its beginning',
      1,
      [],
      init(0).subarray(0, 40),
      'the stream is cut here: expected the rest of the init packet',
      true,
    ],
  ])('one %s is refused', async (_, multifd, first, bytes, message, isLast = false) => {
    const outcome = await refused(multifd, first, bytes, isLast)
    expect(outcome.slice(-message.length)).toBe(message)
  })

  /** Hears each channel to its end. */
  const closed = async ({ source, stream }: ReturnType<Receiving['connect']>) => {
    stream.end()
    await expect.poll(() => source.destroyed && stream.destroyed).toBe(true)
  }

  test.each<[string, readonly Bytes[]]>([
    ['in one part', [bytesOf(init(0), MULTIFD_SYNC, MULTIFD_SYNC)]],
    ['in two', [init(0), bytesOf(MULTIFD_SYNC, MULTIFD_SYNC)]],
  ])('is whole where a channel has said all %s before the main one came', async (_, parts) => {
    const { path, reception, connect } = await receiver({ multifd: 1 })
    const early = connect()
    for (const part of parts) {
      early.source.write(Buffer.from(part))
      await expect.poll(() => early.source.writableLength).toBe(0)
      await new Promise(setImmediate)
    }
    early.source.end()
    await closed(early)
    connect().source.end(bytesOf(guest(), DESCRIPTION))
    await reception.outcome
    expect(readFileSync(join(path, 'multifd-0')).equals(bytesOf(...parts))).toBe(true)
  })

  test('has the place of a channel that has left for one of another guest', async () => {
    const { path, reception, connect } = await receiver({ multifd: 1 })
    const gone = connect()
    gone.source.end(init(0, 1))
    await closed(gone)
    await expect(gone.taken).rejects.toThrow('it left before its guest came')
    const sent = bytesOf(init(0, 2), MULTIFD_SYNC, MULTIFD_SYNC)
    connect().source.end(sent)
    connect().source.end(bytesOf(guest(), DESCRIPTION))
    await reception.outcome
    expect(readFileSync(join(path, 'multifd-0')).equals(sent)).toBe(true)
  })

  test('loses the place of a channel that broke, though it had said all', async () => {
    const { reception, connect } = await receiver({ multifd: 1 })
    const broken = connect()
    broken.source.write(bytesOf(init(0), MULTIFD_SYNC, MULTIFD_SYNC))
    await expect.poll(() => broken.source.writableLength).toBe(0)
    broken.stream.destroy(new Error('reset'))
    await expect(broken.taken).rejects.toThrow('it left before its guest came')
    reception.cancel()
  })

  test('takes no channel when it is over, be its guest set up or not', async () => {
    const { reception, connect } = await receiver({ multifd: 1 })
    reception.cancel()
    for (const bytes of [guest(), init(0)]) {
      const late = connect()
      late.source.end(bytes)
      await expect(late.taken).rejects.toThrow('the migration is over')
    }
    const other = await receiver({ multifd: 1 })
    const main = other.connect()
    main.source.write(guest(RETURN_PATH, command(2, uint32(7))).subarray(0, -REST.length))
    await expect.poll(main.answers).toBe(PONG)
    other.reception.cancel()
    const late = other.connect()
    late.source.end(init(0))
    await expect(late.taken).rejects.toThrow('the migration is over')
  })
})

describe('a source that is not heard of', () => {
  /** Its clocks stand still; what is read and written goes on. */
  const withClock = async (multifd = 0, idleLimit = 0) => {
    let heard = 0
    const onProgress = ({ bytes }: ReceptionProgress) => {
      heard = bytes
    }
    const receiving = await receiver({ multifd, idleLimit, onProgress })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    let isOver = false
    const over = receiving.reception.outcome.finally(() => {
      isOver = true
    })
    over.catch(() => {})
    const isOverAfter = async (time: number) => {
      vi.advanceTimersByTime(time)
      for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate)
      return isOver
    }
    const until = async (condition: () => boolean) => {
      while (!condition()) await new Promise(setImmediate)
    }
    const hears = (bytes: number) => until(() => heard === bytes)
    const say = async (source: Duplex, bytes: Bytes) => {
      source.write(bytes)
      await hears(bytes.length)
    }
    return { ...receiving, over, isOverAfter, until, hears, say }
  }

  test.each<[string, readonly Bytes[], boolean]>([
    ['and waits for an answer', [RETURN_PATH], true],
    ['and waits for none', [], false],
  ])('after the end, %s, has ten seconds for a description', async (_, commands, isTold) => {
    const { path, connect, over, isOverAfter, until, say } = await withClock(0, 1)
    const { source, stream, answers } = connect()
    await say(source, guest(...commands))
    expect(await isOverAfter(9_999)).toBe(false)
    expect(existsSync(path)).toBe(false)
    vi.advanceTimersByTime(1)
    // Then it has as long to close its connection.
    await until(() => existsSync(path) && vi.getTimerCount() === 1)
    await until(() => answers() === (isTold ? SHUT_WHOLE : ''))
    expect(await isOverAfter(9_999)).toBe(false)
    vi.advanceTimersByTime(1)
    expect(await over).toMatchObject({
      hasReturnPath: isTold,
      warnings: [{ code: 'MIGRATION_NO_DESCRIPTION' }],
    })
    stream.destroy()
  })

  test('cannot be given up any more once it was told that its guest is stored', async () => {
    const { path, reception, connect, over, until, say } = await withClock()
    const { source, stream, answers } = connect()
    await say(source, bytesOf(guest(RETURN_PATH), DESCRIPTION))
    await until(() => answers() === SHUT_WHOLE)
    reception.cancel()
    source.end()
    stream.end()
    expect(await over).toMatchObject({ hasReturnPath: true })
    expect([answers(), existsSync(path)]).toEqual([SHUT_WHOLE, true])
  })

  test('in a channel beside the main one makes the guest incomplete', async () => {
    const { folder, connect, over, isOverAfter, hears } = await withClock(2)
    const sent = [
      bytesOf(init(0), MULTIFD_SYNC, MULTIFD_SYNC),
      bytesOf(guest(RETURN_PATH), DESCRIPTION),
    ]
    for (const bytes of sent) connect().source.write(bytes)
    await hears(bytesOf(...sent).length)
    expect(await isOverAfter(9_999)).toBe(false)
    vi.advanceTimersByTime(1)
    await expect(over).rejects.toThrow('expected 2 multifd channels, found 1')
    expect(readdirSync(folder)).toEqual([])
  })

  test.each<[string, readonly Bytes[], number]>([
    ['a second', [RETURN_PATH], 1_000],
    ['no time', [], 0],
  ])('has %s to read that the guest is not stored', async (_, commands, time) => {
    const { reception, connect, over, until, say } = await withClock()
    const { source, stream, answers } = connect()
    await say(source, guest(...commands).subarray(0, -REST.length))
    reception.cancel()
    await expect(over).rejects.toThrow(refusal('MIGRATION_RECEIVE_CANCELLED'))
    await until(() => answers() === (time > 0 ? SHUT_FAILED : ''))
    if (time > 0) vi.advanceTimersByTime(time - 1)
    expect(stream.destroyed).toBe(false)
    vi.advanceTimersByTime(1)
    expect(stream.destroyed).toBe(true)
  })

  test('has no time once it has closed what it was told on', async () => {
    const { reception, connect, over, say, until } = await withClock()
    const { source, stream } = connect()
    await say(source, guest(RETURN_PATH).subarray(0, -REST.length))
    reception.cancel()
    await expect(over).rejects.toThrow(refusal('MIGRATION_RECEIVE_CANCELLED'))
    expect(vi.getTimerCount()).toBe(1)
    source.end()
    stream.end()
    await until(() => stream.destroyed)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('where a guest is stored', () => {
  test.each<[string, number, (path: string) => void, string]>([
    ['a folder', 0, (path) => mkdirSync(path), 'MIGRATION_PLACE_UNUSABLE'],
    ['a socket or a pipe', 0, (path) => execFileSync('mkfifo', [path]), 'MIGRATION_PLACE_UNUSABLE'],
    [
      'a folder that is in the place of the digest',
      0,
      (path) => mkdirSync(`${path}.sha256`),
      'MIGRATION_PLACE_UNUSABLE',
    ],
  ])('is not %s', async (_, multifd, prepare, code) => {
    const path = join(scratchFolder(), 'guest')
    prepare(path)
    await expect(openStore(path, multifd)).rejects.toThrow(refusal(code))
  })

  test('is no folder that holds files, but an empty one', async () => {
    const path = join(scratchFolder(), 'guest')
    mkdirSync(path)
    await (await openStore(path, 1)).discard()
    expect(readdirSync(path)).toEqual([])
    writeFileSync(join(path, 'mine'), '')
    await expect(openStore(path, 1)).rejects.toThrow(refusal('MIGRATION_FOLDER_NOT_EMPTY'))
  })

  test.each([0, 1])('is in a folder that is there, with %i channels more', async (multifd) => {
    const folder = join(scratchFolder(), 'missing')
    await expect(openStore(join(folder, 'guest'), multifd)).rejects.toThrow(
      `cannot write ${folder}: it does not exist`,
    )
  })

  test('is the file that a link leads to', async () => {
    const folder = scratchFolder()
    symlinkSync(join(folder, 'target'), join(folder, 'link'))
    const store = await openStore(join(folder, 'link'), 0)
    expect(store.path).toBe(join(folder, 'target'))
    await store.discard()
  })

  test('is nowhere for /dev/null', async () => {
    const store = await openStore('/dev/null', 3)
    expect([store.path, store.fileOf('main')]).toEqual(['/dev/null', undefined])
    const writer = await store.open('main')
    await writer.write(Buffer.from('x'))
    await store.publish()
    await store.discard()
    expect(writer.sha256).toBeUndefined()
    const other = await openStore('/dev/zero', 0).catch((reason) => reason)
    expect(other.diagnostics).toMatchObject([
      { message: expect.stringContaining('no regular file') },
    ])
  })

  test('is written piece by piece, whatever parts come', async () => {
    const path = join(scratchFolder(), 'file')
    const handle = await open(path, 'w')
    const writer = new PieceWriter(path, handle)
    const sizes = [1, 0, 700_000, 348_575, 1, 2_500_000, 1_048_576]
    const parts = sizes.map((size, at) => Buffer.alloc(size, at + 1))
    for (const part of parts) {
      const own = Buffer.from(part)
      await writer.write(own)
      own.fill(0xee)
    }
    const whole = Buffer.concat(parts)
    expect(writer.sha256).toBeUndefined()
    expect(await writer.finish()).toBe(whole.length)
    expect(writer.sha256).toBe(createHash('sha256').update(whole).digest('hex'))
    expect(await writer.finish()).toBe(whole.length)
    expect(readFileSync(path).equals(whole)).toBe(true)
    const late = new PieceWriter(path, handle)
    await handle.close()
    await late.write(Buffer.from('x'))
    await expect(late.finish()).rejects.toThrow(refusal('FILE_UNWRITABLE'))
  })

  test('has a digest as sha256sum writes it', () => {
    const folder = scratchFolder()
    for (const name of ['guest', 'a b', 'a\\b', 'a\nb', 'a\rb']) {
      writeFileSync(join(folder, name), 'x')
      const digest = createHash('sha256').update('x').digest('hex')
      const written = execFileSync('sha256sum', ['--', name], { cwd: folder }).toString()
      expect(digestLine(join(folder, name), digest)).toBe(written)
    }
  })
})

/** QEMU's switchover-ack: up to 11.0, a destination without devices that have to be ready answers at once. */
test.each([
  ['pc-q35-11.0', true],
  ['pc-q35-11.1', false],
  ['pc-q35-12.0', false],
  ['pc-i440fx-10.2', true],
  ['pc-q35-9.9', true],
  ['none', true],
  ['', true],
])('a source of %s waits for an answer: %s', (machine, isAnswered) => {
  const answers = new PassThrough()
  const options = { sentTickets: false, switchoverAck: true, onSetup: () => {} }
  const dialogue = new SourceDialogue(answers, options)
  const told = { machine, subsections: [] }
  dialogue.handle({ type: 'configuration', offset: 0, configuration: told })
  const opened = {
    command: 'OPEN_RETURN_PATH',
    offset: 0,
    length: 0,
    data: Buffer.alloc(0),
  } as const
  dialogue.handle({ type: 'command', ...opened, isPackaged: false })
  expect(answers.read()?.toString('hex') ?? '').toBe(isAnswered ? '00070000' : '')
})
