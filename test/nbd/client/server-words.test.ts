/** What a client makes of the words of a server before requests, and of its silence during them. */
import { Duplex } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { DiagnosticError } from '../../../src/diagnostics/diagnostic.ts'
import { ClientTransmission } from '../../../src/nbd/client/client-transmission.ts'
import { NbdClient } from '../../../src/nbd/client/nbd-client.ts'
import { describeExport, listServer } from '../../../src/nbd/client/server-listing.ts'
import { encodeOptionReply } from '../../../src/nbd/protocol/option-header.ts'
import {
  encodeInformation,
  encodeListedExport,
  type Information,
} from '../../../src/nbd/protocol/option-replies.ts'
import { refusal } from '../../diagnostic-code.ts'
import { type Script, startHostileServer } from '../hostile-server.ts'
import { eventually } from '../server/test-server.ts'

const PATIENT = { timeout: 240_000 }

/** Numbers of the protocol: options, and replies to them. */
const [EXPORT_NAME, ABORT, LIST, INFO, GO] = [1, 2, 3, 6, 7]
const [STRUCTURED_REPLY, SET_META_CONTEXT, EXTENDED_HEADERS] = [8, 10, 11]
const [ACK, SERVER, TOLD, CONTEXT] = [1, 2, 3, 4]
const error = (number: number) => 0x8000_0000 + number
const [UNSUP, POLICY, INVALID, TLS_REQD, UNKNOWN, SHUTDOWN] = [1, 2, 3, 5, 6, 7].map(error)

const say = (option: number, ...types: readonly number[]) =>
  Buffer.concat(types.map((type) => encodeOptionReply(option, type)))

/** Answers one option in its own way, and the others honestly. */
function answering(option: number, answer: Buffer): Script {
  return { onOption: (asked) => (asked === option ? answer : undefined) }
}

const SIZE = { type: 0, size: 4096, flags: 1 } as const

function told(option: number, ...facts: readonly Information[]): Buffer {
  const replies = facts.map((fact) => encodeOptionReply(option, TOLD, encodeInformation(fact)))
  return Buffer.concat([...replies, say(option, ACK)])
}

async function describeBy(script: Script, name = 'disk') {
  const { address } = await startHostileServer(script)
  return describeExport(address, name, PATIENT)
}

describe('an export is described', () => {
  const ONLY = { name: 'disk', size: 4096, flags: 1, hasBlockSizes: false }
  const DEFAULT = { minimum: 1, preferred: 4096, maximum: 33_554_432 }

  test.each<[string, readonly Information[], object]>([
    ['by its size', [SIZE], { ...ONLY, blockSizes: DEFAULT }],
    [
      'by its own name, where that is another',
      [SIZE, { type: 1, name: 'sda' }],
      { ...ONLY, blockSizes: DEFAULT, canonicalName: 'sda' },
    ],
    [
      'not by the name that it was asked by',
      [SIZE, { type: 1, name: 'disk' }],
      { ...ONLY, blockSizes: DEFAULT },
    ],
    [
      'in words, which may be none',
      [SIZE, { type: 2, description: '' }],
      { ...ONLY, blockSizes: DEFAULT, description: '' },
    ],
    [
      'by its blocks',
      [SIZE, { type: 3, sizes: { minimum: 512, preferred: 512, maximum: 512 } }],
      { ...ONLY, hasBlockSizes: true, blockSizes: { minimum: 512, preferred: 512, maximum: 512 } },
    ],
    [
      'by nothing that this client does not know',
      [{ type: 'unknown', number: 9, data: Buffer.from('x') }, SIZE],
      { ...ONLY, blockSizes: DEFAULT },
    ],
  ])('%s', async (_, facts, expected) => {
    expect(await describeBy(answering(INFO, told(INFO, ...facts)))).toStrictEqual(expected)
  })

  test.each([
    [511, 511, true],
    [511, 512, false],
    [512, 1 << 20, true],
    [1, 1, true],
    [1, 2, false],
    [1, 0, true],
  ])('a payload of %d bytes for an export of %d is of use: %s', async (maximum, size, isFine) => {
    const sizes = { minimum: 1, preferred: 1, maximum }
    const answer = told(INFO, { ...SIZE, size }, { type: 3, sizes })
    const describing = describeBy(answering(INFO, answer))
    if (isFine) expect((await describing)?.blockSizes).toEqual(sizes)
    else await expect(describing).rejects.toThrow(`a maximum payload of ${maximum} bytes`)
  })

  test.each<[string, Buffer, string | undefined]>([
    ['nothing, where the option is not known', say(INFO, UNSUP!), undefined],
    ['no size', say(INFO, ACK), 'NBD_PROTOCOL_BROKEN'],
    ['its size twice', told(INFO, SIZE, SIZE), 'NBD_PROTOCOL_BROKEN'],
    ['that it is not there', say(INFO, UNKNOWN!), 'NBD_EXPORT_UNKNOWN'],
    ['that policy forbids it', say(INFO, POLICY!), 'NBD_OPTION_REFUSED'],
    ['that TLS is missing', say(INFO, TLS_REQD!), 'NBD_SERVER_REQUIRES_TLS'],
    ['another kind of reply', say(INFO, SERVER), 'NBD_PROTOCOL_BROKEN'],
    ['an end with data', encodeOptionReply(INFO, ACK, Buffer.from('x')), 'NBD_PROTOCOL_BROKEN'],
    ['an end of another option', say(GO, ACK), 'NBD_PROTOCOL_BROKEN'],
    [
      '16 KiB and a byte',
      encodeOptionReply(INFO, TOLD, Buffer.alloc(16_385)),
      'NBD_PROTOCOL_BROKEN',
    ],
  ])('%s', async (_, answer, code) => {
    const describing = describeBy(answering(INFO, answer))
    if (code) await expect(describing).rejects.toThrow(refusal(code))
    else expect(await describing).toBeUndefined()
  })
})

describe('what a server cannot do is done without:', () => {
  test.each([
    ['simple', { headers: 'simple' }, 'simple', false],
    ['structured', { headers: 'structured' }, 'structured', true],
    ['extended', { headers: 'extended' }, 'extended', true],
    ['no context', answering(SET_META_CONTEXT, say(SET_META_CONTEXT, ACK)), 'structured', false],
    [
      'contexts not known',
      answering(SET_META_CONTEXT, say(SET_META_CONTEXT, UNSUP!)),
      'structured',
      false,
    ],
    [
      'contexts refused',
      answering(SET_META_CONTEXT, say(SET_META_CONTEXT, INVALID!)),
      'structured',
      false,
    ],
  ] as const)('%s', async (_, script, headers, hasBlockStatus) => {
    const { address } = await startHostileServer(script)
    const client = await NbdClient.connect(address, '', PATIENT)
    expect(client).toMatchObject({ headers, hasBlockStatus, context: 'base:allocation' })
    client.destroy()
  })

  test.each([
    ['another context', [[7, 'base:other']]],
    [
      'the context twice',
      [
        [7, 'base:allocation'],
        [8, 'base:allocation'],
      ],
    ],
  ] as const)('%s was not asked for', async (_, contexts) => {
    const replies = contexts.map(([id, name]) => {
      const data = Buffer.concat([Buffer.from([0, 0, 0, id]), Buffer.from(name)])
      return encodeOptionReply(SET_META_CONTEXT, CONTEXT, data)
    })
    const answer = Buffer.concat([...replies, say(SET_META_CONTEXT, ACK)])
    const { address } = await startHostileServer(answering(SET_META_CONTEXT, answer))
    const connecting = NbdClient.connect(address, '', PATIENT)
    await expect(connecting).rejects.toThrow('a metadata context that was not asked for')
  })

  test('another context is asked for by its name', async () => {
    const asked: string[] = []
    const onOption = (option: number, data: Buffer) => {
      if (option === SET_META_CONTEXT) asked.push(`${data}`)
      return option === SET_META_CONTEXT ? say(option, ACK) : undefined
    }
    const { address } = await startHostileServer({ onOption })
    const client = await NbdClient.connect(address, '', { ...PATIENT, context: 'qemu:x' })
    expect(client.context).toBe('qemu:x')
    expect(asked).toEqual([expect.stringMatching(/qemu:x$/)])
    client.destroy()
  })

  test.each([EXTENDED_HEADERS, STRUCTURED_REPLY, SET_META_CONTEXT])(
    'but not without option %d where the server ends, or wants TLS',
    async (option) => {
      for (const [reply, code] of [
        [SHUTDOWN!, 'NBD_OPTION_REFUSED'],
        [TLS_REQD!, 'NBD_SERVER_REQUIRES_TLS'],
      ] as const) {
        const { address } = await startHostileServer(answering(option, say(option, reply)))
        await expect(NbdClient.connect(address, '', PATIENT)).rejects.toThrow(refusal(code))
      }
    },
  )

  test('an option that begins the old way is not left out after extended headers', async () => {
    const script: Script = { headers: 'extended', ...answering(GO, say(GO, UNSUP!)) }
    const { address, options } = await startHostileServer(script)
    const connecting = NbdClient.connect(address, '', PATIENT)
    await expect(connecting).rejects.toThrow('after extended headers')
    expect(options).not.toContain(EXPORT_NAME)
  })
})

describe('a list', () => {
  const entry = (name: string) =>
    encodeOptionReply(LIST, SERVER, encodeListedExport({ name, description: `of ${name}` }))

  /** Lists two exports; of the second it says no more. */
  const script: Script = {
    onOption: (option, data) => {
      if (option === LIST) return Buffer.concat([entry('one'), entry('two'), say(LIST, ACK)])
      if (option !== INFO) return undefined
      return data.includes('one') ? told(INFO, SIZE) : say(INFO, POLICY!)
    },
  }

  test('has names alone, or what is said of each', async () => {
    const { address, options } = await startHostileServer(script)
    expect(await listServer(address, PATIENT)).toEqual({
      exports: ['one', 'two'].map((name) => ({ name, description: `of ${name}` })),
    })
    await eventually(() => options.at(-1) === ABORT)
    expect(options).toEqual([LIST, ABORT])
    const { exports } = await listServer(address, { ...PATIENT, detail: true })
    expect(exports[0]).toMatchObject({ name: 'one', info: { size: 4096 } })
    expect(exports[0]).not.toHaveProperty('problem')
    expect(exports[1]).toMatchObject({ name: 'two', problem: { code: 'NBD_OPTION_REFUSED' } })
    expect(exports[1]).not.toHaveProperty('info')
  })

  test('ends with the server, and where it is refused', async () => {
    const ending: Script = {
      onOption: (option) =>
        option === INFO
          ? Buffer.from('no reply at all, but twenty bytes')
          : script.onOption?.(option, Buffer.alloc(0)),
    }
    const { address } = await startHostileServer(ending)
    const listing = listServer(address, { ...PATIENT, detail: true })
    await expect(listing).rejects.toThrow(refusal('NBD_PROTOCOL_BROKEN'))
    const other = await startHostileServer(answering(LIST, say(LIST, POLICY!)))
    await expect(listServer(other.address, PATIENT)).rejects.toThrow(refusal('NBD_OPTION_REFUSED'))
  })
})

describe('silence', () => {
  /** A client whose clock stands still, and the answers of its server, which come when the test says so. */
  async function scene(timeout = 1000) {
    const asked: ((bytes: Buffer) => void)[] = []
    const { address } = await startHostileServer({
      export: { size: 1 << 20, flags: 1 },
      headers: 'simple',
      onRequest: ({ cookieHigh, cookieLow, command }, socket) => {
        const header = Buffer.alloc(16)
        header.writeUInt32BE(0x6744_6698)
        header.writeUInt32BE(cookieHigh, 8)
        header.writeUInt32BE(cookieLow, 12)
        if (command !== 2) asked.push((data) => void socket.write(Buffer.concat([header, data])))
        socket.on('error', () => {})
        sockets.push(socket)
        return undefined
      },
    })
    const client = await NbdClient.connect(address, '', PATIENT)
    client.destroy()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const patient = await NbdClient.connect(address, '', { timeout })
    onTestFinished(() => patient.destroy())
    return { client: patient, asked }
  }

  const sockets: { write(bytes: Buffer): boolean }[] = []

  const until = async (holds: () => boolean) => {
    while (!holds()) await turn()
  }

  test('is not waited for longer than the limit while an answer is due', async () => {
    const { client, asked } = await scene()
    const reading = client.read(0, 100).catch((reason: unknown) => reason)
    await until(() => asked.length === 1)
    vi.advanceTimersByTime(999)
    expect(client.isOpen).toBe(true)
    vi.advanceTimersByTime(1)
    expect(await reading).toEqual(refusal('NET_TIMED_OUT'))
    expect(String(await reading)).toContain('did not send anything')
    expect(client.isOpen).toBe(false)
    // What ended the connection is told of later requests too.
    for (let count = 0; count < 50; count++) await turn()
    expect(await client.read(0, 100).catch((again: unknown) => again)).toBe(await reading)
  })

  test('may be as long as it likes while nothing is due', async () => {
    const { client, asked } = await scene()
    const first = client.read(0, 100)
    await until(() => asked.length === 1)
    asked[0]?.(Buffer.alloc(100))
    await first
    vi.advanceTimersByTime(1_000_000)
    expect(client.isOpen).toBe(true)
    const second = client.read(0, 100)
    await until(() => asked.length === 2)
    vi.advanceTimersByTime(999)
    asked[1]?.(Buffer.alloc(100))
    await second
  })

  test('is not ended by a few bytes, but by 16 KiB or an answer', async () => {
    const { client, asked } = await scene()
    const length = 40_000
    const reading = client.read(0, length).catch((reason: unknown) => reason)
    const other = client.read(0, 100).catch((reason: unknown) => reason)
    await until(() => asked.length === 2)
    const socket = sockets.at(-1)
    const wait = async () => {
      for (let count = 0; count < 50; count++) await turn()
    }
    asked[0]?.(Buffer.alloc(16_384 - 16))
    await wait()
    vi.advanceTimersByTime(999)
    socket?.write(Buffer.alloc(16_383))
    await wait()
    expect(client.isOpen).toBe(true)
    vi.advanceTimersByTime(1)
    const reason = await reading
    expect(reason).toBeInstanceOf(DiagnosticError)
    expect(String(reason)).toContain('did not get on with its answer')
    expect(await other).toBe(reason)
  })

  test('of a server that does not close the connection is ended by the client', async () => {
    const { client } = await scene()
    let isGone = false
    const leaving = client.disconnect().then(() => {
      isGone = true
    })
    for (let count = 0; count < 50; count++) await turn()
    vi.advanceTimersByTime(1000)
    await leaving
    expect(isGone).toBe(true)
  })
})

describe('a connection alone', () => {
  /** A transmission over a stream that a test fills by itself. */
  function scene() {
    const written: Buffer[] = []
    const stream = new Duplex({
      read: () => {},
      write: (bytes: Buffer, _, done) => {
        written.push(bytes)
        done()
      },
    })
    const options = { server: 'the server', style: 'simple', timeout: 240_000 } as const
    const transmission = new ClientTransmission(stream, { ...options, maximumInFlight: 1 })
    onTestFinished(() => transmission.destroy())
    const send = () => transmission.send({ command: 3, offset: 0, length: 0 })
    return { stream, written, send }
  }

  test('that is cut without an end fails what is under way', async () => {
    const { stream, send } = scene()
    const sent = send().catch((reason: unknown) => reason)
    await turn()
    stream.destroy()
    expect(await sent).toEqual(refusal('NBD_CONNECTION_LOST'))
    await expect(send()).rejects.toThrow(refusal('NBD_CONNECTION_LOST'))
  })

  test('has no more requests than are allowed, also where one comes as another has its turn', async () => {
    const { stream, written, send } = scene()
    const first = send()
    const waiting = send()
    await turn()
    expect(written).toHaveLength(1)
    const answer = (request: Buffer | undefined) =>
      Buffer.concat([
        Buffer.from('6744669800000000', 'hex'),
        ...(request ? [request.subarray(8, 16)] : []),
      ])
    stream.push(answer(written[0]))
    // The one that waited is told, and has not gone on.
    const hasty = send()
    await first
    await turn()
    expect(written).toHaveLength(2)
    stream.push(answer(written[1]))
    await turn()
    expect(written).toHaveLength(3)
    stream.push(answer(written[2]))
    await Promise.all([waiting, hasty])
  })
})
