/** A guest is received within the process of the test: from connections that are two ends of a stream. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { describeReceived, receivedToJson } from '../../../src/migration/receive/received-report.ts'
import type { ReceptionProgress } from '../../../src/migration/receive/reception.ts'
import { refusal } from '../../diagnostic-code.ts'
import {
  type Bytes,
  bytesOf,
  command,
  configuration,
  HEADER,
  MULTIFD_SYNC,
  uint32,
  uint64,
} from '../crafted-streams.ts'
import {
  DESCRIPTION,
  guest,
  init,
  PONG,
  REST,
  RETURN_PATH,
  type Receiving,
  receiver,
  SHUT_FAILED,
  SHUT_WHOLE,
} from './crafted-reception.ts'

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

  test('one of a source with multifd channels is told the option for them', async () => {
    const { connect, reception } = await receiver({ multifd: 0 })
    const { source, taken } = connect()
    source.write(init(0))
    const hint = '--multifd NUMBER says how many'
    await expect(taken).rejects.toMatchObject({ diagnostics: [{ hint }] })
    reception.cancel()
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
