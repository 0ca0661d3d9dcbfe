/** What is no whole guest is never stored, and every reason has its code. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { scratchFolder } from '../../cli/command.ts'
import { runInProcess } from '../../cli/in-process.ts'
import { parseEnvelope } from '../../cli/json-output.ts'
import { credentialsOf, makeX509Folder } from '../../nbd/nbd-credentials.ts'
import { spawn } from '../../peers/child-process.ts'
import { testWith } from '../../peers/peer.ts'
import { readRecorded } from '../recorded-streams.ts'
import {
  connectTo,
  type InProcessReceive,
  launchReceive,
  type ReceiveProcess,
  receiveInProcess,
  startReceive,
} from './receive-process.ts'

/** A whole main channel of QEMU 11, without return path. */
const STREAM = readRecorded('exec-11-pc-q35-11.1-S.bin.gz')

/** Its command to open a return path, with PING 1 behind it, as a source sends them first. */
const OPEN_RETURN_PATH = Buffer.from('08000100000800020004 00000001'.replace(' ', ''), 'hex')

/** The answer to a source whose guest is stored. */
const SHUT = '0001000400000000'

/** Behind the header and the configuration. */
function withReturnPath(stream: Buffer): Buffer {
  const at = 8 + 1 + 4 + stream.readUInt32BE(9)
  return Buffer.concat([stream.subarray(0, at), OPEN_RETURN_PATH, stream.subarray(at)])
}

async function ends(
  receiver: Pick<ReceiveProcess, 'ended' | 'log' | 'left'>,
  status: number,
  code: string,
): Promise<void> {
  const end = await receiver.ended
  expect([end.status, receiver.log()]).toEqual([status, expect.stringContaining(`[${code}]`)])
  expect(receiver.left()).toEqual([])
}

/** All that a receiver says to its source. */
async function answersOf(socket: Socket): Promise<string> {
  const parts: Buffer[] = []
  socket.on('data', (part) => parts.push(part as Buffer))
  await new Promise((resolve) => socket.once('close', resolve))
  return Buffer.concat(parts).toString('hex')
}

describe('a stream', () => {
  test('is stored when it ends at its end, with its digest beside it', async () => {
    const receiver = await receiveInProcess()
    const socket = await connectTo(receiver)
    socket.end(STREAM)
    expect((await receiver.ended).status).toBe(0)
    expect(readFileSync(receiver.file).equals(STREAM)).toBe(true)
    expect(receiver.left()).toEqual(['guest', 'guest.sha256'])
  })

  test.each([4, 100, 20_000, STREAM.length - 40_000])(
    'that is cut at byte %i is not',
    async (at) => {
      // Before it has said what it is, how soon its end follows decides whether it was a channel.
      const receiver = at < 8 ? await startReceive() : await receiveInProcess()
      const socket = await connectTo(receiver)
      socket.end(STREAM.subarray(0, at))
      await (at < 8
        ? receiver.says(/MIGRATION_CHANNEL_REFUSED/)
        : ends(receiver, 65, 'MIGRATION_STREAM_CUT'))
      expect(existsSync(receiver.file)).toBe(false)
      if (at >= 8) expect(receiver.log()).toMatch(new RegExp(`guest: byte ${at}, .*cut here`))
    },
  )

  test('that is reset before its end is not, and what broke it is told', async () => {
    const receiver = await receiveInProcess()
    const socket = await connectTo(receiver)
    socket.write(STREAM.subarray(0, 50_000))
    await receiver.says(/connected/)
    socket.resetAndDestroy()
    await ends(receiver, 65, 'MIGRATION_STREAM_CUT')
    expect(receiver.log()).toContain('ENDPOINT_CLIENT_LOST')
  })

  test('with a broken section is refused while it comes, and the source is told', async () => {
    const receiver = await receiveInProcess()
    const socket = await connectTo(receiver)
    const broken = withReturnPath(STREAM)
    // The type of the first section.
    broken[8 + 1 + 4 + broken.readUInt32BE(9) + OPEN_RETURN_PATH.length] = 0x55
    socket.write(broken)
    const answers = await answersOf(socket)
    await ends(receiver, 65, 'MIGRATION_STREAM_MALFORMED')
    // PONG 1, then SHUT with what is no success.
    expect(answers).toBe(`${'000200040000 0001'.replace(' ', '')}0001000400000001`)
  })

  test('with a return path is answered when it is stored, before its connection ends', async () => {
    const receiver = await receiveInProcess()
    const socket = await connectTo(receiver)
    const stream = withReturnPath(STREAM)
    socket.write(stream)
    let answers = ''
    const told = new Promise<boolean>((resolve) => {
      socket.on('data', (part) => {
        answers += part.toString('hex')
        if (answers.endsWith(SHUT)) resolve(existsSync(receiver.file))
      })
    })
    expect(await told).toBe(true)
    expect(readFileSync(receiver.file).equals(stream)).toBe(true)
    socket.end()
    expect((await receiver.ended).status).toBe(0)
  })

  test.each([
    ['pc-q35-11.1', ''],
    ['pc-q35-11.0', '00070000'],
  ])(
    'of a source with switchover-ack and machine %s is answered as it expects',
    async (machine, ack) => {
      const receiver = await receiveInProcess(['--switchover-ack'])
      const socket = await connectTo(receiver)
      const answers = answersOf(socket)
      const stream = withReturnPath(STREAM)
      stream.write(machine, stream.indexOf('pc-q35-11.1'))
      socket.write(stream)
      // It closes its connection when it was told that its guest is stored.
      socket.on('data', (part) => part.toString('hex').endsWith(SHUT) && socket.end())
      expect((await receiver.ended).status).toBe(0)
      expect(await answers).toBe(`${ack}0002000400000001${SHUT}`)
    },
  )

  test('that announces post-copy is refused', async () => {
    const receiver = await receiveInProcess()
    const socket = await connectTo(receiver)
    const stream = withReturnPath(STREAM)
    stream.writeUInt16BE(3, stream.indexOf(OPEN_RETURN_PATH) + 6)
    stream.writeUInt16BE(0, stream.indexOf(OPEN_RETURN_PATH.subarray(0, 5)) + 8)
    socket.write(stream)
    await ends(receiver, 1, 'MIGRATION_POSTCOPY_REFUSED')
  })

  test('whose source falls silent is refused', async () => {
    const receiver = await receiveInProcess(['--idle-limit', '1'])
    const socket = await connectTo(receiver)
    socket.write(STREAM.subarray(0, 50_000))
    await ends(receiver, 69, 'MIGRATION_SOURCE_SILENT')
  })
})

describe('a connection that is no channel of the guest is ended, and the guest still comes', () => {
  test.each([
    ['another protocol', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    [
      'a multifd channel that was not asked for',
      readRecorded('tcp-7.2-multifd2-zlib-S/conn.c1.fwd.gz'),
    ],
    ['nothing', Buffer.alloc(0)],
  ])('%s', async (_, bytes) => {
    const receiver = await receiveInProcess()
    const stranger = await connectTo(receiver)
    stranger.end(bytes)
    await receiver.says(/MIGRATION_CHANNEL_REFUSED/)
    const socket = await connectTo(receiver)
    socket.end(STREAM)
    expect((await receiver.ended).status).toBe(0)
  })

  test('silent ones, in clear', async () => {
    // They are not cut while the guest comes.
    const receiver = await receiveInProcess(['--handshake-limit', '3600'])
    const strangers = await Promise.all(Array.from({ length: 200 }, () => connectTo(receiver)))
    // One of them drips, and never says what it is.
    strangers[0]?.write('Q')
    const socket = await connectTo(receiver)
    socket.end(STREAM)
    expect((await receiver.ended).status, receiver.log()).toBe(0)
    expect(receiver.log()).not.toMatch(/ENDPOINT_(HANDSHAKE_TIME|GAVE_WAY)/)
  })

  test('a second main channel', async () => {
    const receiver = await receiveInProcess()
    const socket = await connectTo(receiver)
    socket.write(STREAM.subarray(0, 50_000))
    await receiver.says(/connected/)
    const second = await connectTo(receiver)
    second.end(STREAM)
    await receiver.says(/main channel already.*MIGRATION_CHANNEL_REFUSED/)
    socket.end(STREAM.subarray(50_000))
    expect((await receiver.ended).status).toBe(0)
    expect(readFileSync(receiver.file).equals(STREAM)).toBe(true)
  })
})

describe('channels', () => {
  const FOLDER = 'tcp-7.2-multifd2-zlib-S'
  const channels = ['c0', 'c1', 'c2'].map((name) => readRecorded(`${FOLDER}/conn.${name}.fwd.gz`))

  test('are taken in any order', async () => {
    const receiver = await receiveInProcess(['--multifd', '2'])
    const [main = Buffer.alloc(0), ...others] = channels
    for (const bytes of others.toReversed()) (await connectTo(receiver)).end(bytes)
    ;(await connectTo(receiver)).end(main)
    expect((await receiver.ended).status, receiver.log()).toBe(0)
    expect(readFileSync(join(receiver.file, 'main')).equals(main)).toBe(true)
  })

  test.each([
    ['closes', (stale: Socket) => void stale.end()],
    ['is reset', (stale: Socket) => void stale.resetAndDestroy()],
    ['falls silent', () => {}],
  ])('take the place of one that %s before the guest comes', async (_, leave) => {
    const receiver = await receiveInProcess(['--multifd', '2', '--handshake-limit', '1'])
    const [, first = Buffer.alloc(0)] = channels
    const ofAnother = Buffer.from(first.subarray(0, 64))
    ofAnother.fill(0x41, 8, 24)
    const stale = await connectTo(receiver)
    stale.write(ofAnother)
    await receiver.says(/#1 .*connected/)
    leave(stale)
    await receiver.says(/#1 .*\[(MIGRATION_CHANNEL_REFUSED|ENDPOINT_HANDSHAKE_TIME)\]/)
    for (const bytes of channels) (await connectTo(receiver)).end(bytes)
    expect((await receiver.ended).status, receiver.log()).toBe(0)
  })

  test.each(['a folder', 'nothing'])('are stored at a link to %s', async (target) => {
    const folder = scratchFolder()
    if (target === 'a folder') mkdirSync(join(folder, 'real'))
    symlinkSync('real', join(folder, 'link'))
    const receiver = await receiveInProcess(['--multifd', '2'], join(folder, 'link'))
    for (const bytes of channels) (await connectTo(receiver)).end(bytes)
    expect((await receiver.ended).status, receiver.log()).toBe(0)
    expect(readFileSync(join(folder, 'real', 'main')).equals(channels[0]!)).toBe(true)
    expect(receiver.left()).toEqual(['link', 'real'])
  })

  test.each([1, 2])('of which number %i is cut are not stored', async (cut) => {
    const receiver = await receiveInProcess(['--multifd', '2'])
    for (const [at, bytes] of channels.entries()) {
      const socket = await connectTo(receiver)
      socket.end(at === cut ? bytes.subarray(0, bytes.length - 2000) : bytes)
    }
    const { status } = await receiver.ended
    expect([status, receiver.left()], receiver.log()).toEqual([65, []])
  })
})

describe('who is let in', () => {
  const refusedBy = async (receiver: InProcessReceive, args: readonly string[], code: string) => {
    // The client stays: one that closes before the receiver has judged it has just gone away.
    spawn('openssl', ['s_client', '-connect', receiver.place, ...args], {
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    expect(await receiver.says(new RegExp(`\\[${code}\\]`))).toContain(`[${code}]`)
    receiver.signal('SIGTERM')
    await ends(receiver, 1, 'MIGRATION_RECEIVE_CANCELLED')
  }

  testWith('openssl', 'no client without a certificate', async () => {
    const receiver = await receiveInProcess(credentialsOf('x509', makeX509Folder(), 'server'))
    await refusedBy(receiver, [], 'TLS_NO_PEER_CERTIFICATE')
  })

  testWith('openssl', 'no client that the authorization does not name', async () => {
    const dir = makeX509Folder()
    const who = ['--object', 'authz-simple,id=hosts,identity=CN=other', '--tls-authz', 'hosts']
    const receiver = await receiveInProcess([...credentialsOf('x509', dir, 'server'), ...who])
    const own = ['-cert', join(dir, 'client-cert.pem'), '-key', join(dir, 'client-key.pem')]
    await refusedBy(receiver, own, 'TLS_NOT_AUTHORIZED')
  })
})

describe('nothing is begun', () => {
  const receive = (file: string, ...args: readonly string[]) =>
    runInProcess(['migrate', 'receive', '--listen', 'tcp:127.0.0.1:0', ...args, file])

  test('where the folder of the channels is not empty', async () => {
    const file = scratchFolder()
    writeFileSync(join(file, 'main'), '')
    const { status, stderr } = await receive(file, '--multifd', '2')
    expect([status, stderr]).toEqual([73, expect.stringContaining('MIGRATION_FOLDER_NOT_EMPTY')])
  })

  test('where a folder stands in the place of the digest', async () => {
    const file = join(scratchFolder(), 'guest')
    mkdirSync(`${file}.sha256`)
    const { status, stderr } = await receive(file)
    expect(status).toBe(73)
    expect(stderr).toMatch(/MIGRATION_PLACE_UNUSABLE.*guest\.sha256/)
    expect(readdirSync(join(file, '..'))).toEqual(['guest.sha256'])
  })

  testWith('setpriv', 'where a file of another user stands', async () => {
    const folder = scratchFolder()
    chmodSync(folder, 0o777)
    const file = join(folder, 'guest')
    writeFileSync(file, 'of root')
    const wrapper = 'exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"'
    const receiver = launchReceive({ file, wrapper })
    expect((await receiver.ended).status, receiver.log()).toBe(73)
    expect(receiver.log()).toMatch(/MIGRATION_PLACE_UNUSABLE.*owner/)
    expect([readFileSync(file, 'utf8'), receiver.left()]).toEqual(['of root', ['guest']])
  })

  test('where a folder stands in the place of the file', async () => {
    const file = join(scratchFolder(), 'guest')
    mkdirSync(file)
    const { status, stdout } = await receive(file, '--json')
    expect(status).toBe(73)
    expect(parseEnvelope(stdout).diagnostics[0]?.code).toBe('MIGRATION_PLACE_UNUSABLE')
  })
})

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s ends it in order, and the source is told',
  async (signal) => {
    const receiver = await receiveInProcess()
    const socket = await connectTo(receiver)
    socket.write(withReturnPath(STREAM).subarray(0, 60_000))
    const answers = answersOf(socket)
    await receiver.says(/connected/)
    receiver.signal(signal)
    await ends(receiver, 1, 'MIGRATION_RECEIVE_CANCELLED')
    expect(await answers).toMatch(/^(0002000400000001)?(0001000400000001)?$/)
  },
)

test('after kill -9 nothing looks whole, and the next run begins anew', async () => {
  const receiver = await startReceive()
  const socket = await connectTo(receiver)
  socket.write(STREAM.subarray(0, 60_000))
  await receiver.says(/connected/)
  receiver.kill('SIGKILL')
  await receiver.ended
  expect(receiver.left()).toEqual(['.guest.cryptopolicy-partial'])
  const next = await startReceive({ file: receiver.file })
  ;(await connectTo(next)).end(STREAM)
  expect((await next.ended).status).toBe(0)
  expect(next.left()).toEqual(['guest', 'guest.sha256'])
})

test('a full disk is told, and the source keeps its guest', async () => {
  // Files may have 64 KiB at most; the signal that comes with it must not end the process.
  const receiver = await startReceive({ wrapper: 'ulimit -f 128; exec "$@"' })
  const socket = await connectTo(receiver)
  const answers = answersOf(socket)
  socket.write(withReturnPath(STREAM))
  await ends(receiver, 73, 'FILE_UNWRITABLE')
  expect(await answers).toMatch(/0001000400000001$/)
})
