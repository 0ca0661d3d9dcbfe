/** A receiver at a place of its own, and sources that come to it in clear or with the TLS of Node.js. */
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { ConnectionEvent } from '../../../src/endpoint/connection-event.ts'
import { parseMigrationUri } from '../../../src/migration/address/migration-uri.ts'
import { Receiver, type ReceiverOptions } from '../../../src/migration/receive/receiver.ts'
import type { ReceptionProgress } from '../../../src/migration/receive/reception.ts'
import { scratchFolder } from '../../cli/command.ts'
import { refusal } from '../../diagnostic-code.ts'
import { makeX509Folder } from '../../nbd/nbd-credentials.ts'
import { objectsOf } from '../../tls/objects/meeting.ts'
import {
  bytesOf,
  command,
  configuration,
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
} from '../crafted-streams.ts'

const DESCRIPTION = description({ devices: [] })
const SETUP = start(2, 'ram', bytesOf(ramSetup({ ram: 0x4000 }), RAM_END))
/** Of a machine type that counts which devices ask for an acknowledgement, or of one that does not. */
const guest = (machine: string, ...commands: readonly Buffer[]) =>
  bytesOf(HEADER, configuration(machine), ...commands, SETUP, last(2, RAM_END), EOF, DESCRIPTION)
const PLAIN = guest('pc-q35-11.1')
const ANSWERED = guest('pc-q35-11.1', command(1), command(2, uint32(7)))

/** migration/migration.h: MIG_RP_MSG_PONG, MIG_RP_MSG_SHUT, MIG_RP_MSG_SWITCHOVER_ACK. */
const PONG = '0002000400000007'
const SHUT_WHOLE = '0001000400000000'
const SWITCHOVER_ACK = '00070000'

type Given = Partial<ReceiverOptions> & { readonly place?: string }

async function receiving({ place = 'tcp:127.0.0.1:0', ...given }: Given = {}) {
  const dir = makeX509Folder()
  const objects = objectsOf(
    `tls-creds-x509,id=tls0,dir=${dir},endpoint=server`,
    'authz-list,id=none,policy=deny',
  )
  const folder = scratchFolder()
  const path = join(folder, 'guest')
  const events: ConnectionEvent[] = []
  const receiver = await Receiver.open(objects, {
    ...{ path, listen: parseMigrationUri(place), multifd: 0, handshakeLimit: 0, idleLimit: 0 },
    onEvent: (event) => void events.push(event),
    ...given,
  })
  onTestFinished(async () => {
    await receiver.end(0)
    receiver.release()
  })
  const bound = await receiver.listen()
  const open = async (): Promise<Socket> => {
    const socket =
      typeof bound === 'string'
        ? connect(bound)
        : connect(bound.port, (bound as AddressInfo).address)
    return ready(socket, 'connect')
  }
  const openTls = async (): Promise<TLSSocket> => {
    const read = (name: string) => readFileSync(join(dir, name))
    const { port } = bound as AddressInfo
    const socket = connectTls({
      ...{ host: '127.0.0.1', port, servername: 'localhost', ca: read('ca-cert.pem') },
      ...{ cert: read('client-cert.pem'), key: read('client-key.pem') },
    })
    return ready(socket, 'secureConnect')
  }
  const told = (name: ConnectionEvent['event']) => events.filter(({ event }) => event === name)
  return { receiver, objects, folder, path, bound, told, events, open, openTls }
}

async function ready<Connection extends Socket>(socket: Connection, event: string) {
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => {})
  await once(socket, event)
  return socket
}

/** What comes on a connection until it ends, or as much as is expected. */
async function heard(socket: Socket, expected: string): Promise<string> {
  let said = ''
  socket.on('data', (bytes: Buffer) => {
    said += bytes.toString('hex')
  })
  await expect.poll(() => said.length >= expected.length || socket.closed).toBe(true)
  return said
}

describe('in clear', () => {
  test('a guest comes to a Unix socket, which is for its owner alone', async () => {
    const place = join(scratchFolder(), 'socket')
    const { receiver, path, told, bound, open } = await receiving({ place: `unix:${place}` })
    expect([bound, receiver.tlsMode]).toEqual([place, 'off'])
    expect(statSync(place).mode & 0o777).toBe(0o600)
    const source = await open()
    source.end(PLAIN)
    expect(await receiver.outcome).toMatchObject({ path, hasReturnPath: false })
    await expect.poll(() => told('left')).toMatchObject([{ ending: 'main channel' }])
    expect(readFileSync(path).equals(PLAIN)).toBe(true)
    expect(readFileSync(`${path}.sha256`, 'utf8')).toContain('  guest\n')
  })

  test.each([
    [true, 'pc-q35-11.0', SWITCHOVER_ACK + PONG + SHUT_WHOLE],
    [false, 'pc-q35-11.0', PONG + SHUT_WHOLE],
  ])('a source is answered, with switchover-ack: %s', async (switchoverAck, machine, answers) => {
    const { receiver, open } = await receiving({ switchoverAck })
    const source = await open()
    source.write(guest(machine, command(1), command(2, uint32(7))))
    expect(await heard(source, answers)).toBe(answers)
    source.end()
    expect(await receiver.outcome).toMatchObject({ hasReturnPath: true })
  })

  test('how far it is, is told', async () => {
    const progress: ReceptionProgress[] = []
    const onProgress = (one: ReceptionProgress) => void progress.push(one)
    const { receiver, open } = await receiving({ onProgress })
    const source = await open()
    source.end(PLAIN)
    await receiver.outcome
    expect(progress.at(-1)).toMatchObject({ bytes: PLAIN.length })
  })

  test('a stranger takes no place of the guest', async () => {
    const { receiver, open, told } = await receiving()
    const stranger = await open()
    stranger.end('GET / HTTP/1.0\r\n\r\n')
    await expect
      .poll(() => told('refused'))
      .toMatchObject([{ diagnostics: [{ code: 'MIGRATION_CHANNEL_REFUSED' }] }])
    const source = await open()
    source.end(PLAIN)
    await receiver.outcome
  })
})

describe('over TLS', () => {
  const credentials = 'tls0'

  test('a guest comes in several channels, and its source is answered', async () => {
    let received = 0
    const onProgress = ({ bytes }: ReceptionProgress) => {
      received = bytes
    }
    const { receiver, path, openTls, told } = await receiving({
      ...{ credentials, multifd: 2, onProgress },
    })
    expect(receiver.tlsMode).toBe('required')
    const main = await openTls()
    main.write(ANSWERED)
    const packets = [MULTIFD_SYNC, MULTIFD_SYNC]
    // One and the other of so many as there are, and one that finds no place among them.
    const [second, first] = [await openTls(), await openTls()]
    second.write(bytesOf(multifdInit(1), ...packets))
    first.write(multifdInit(0))
    const all = bytesOf(ANSWERED, multifdInit(0), multifdInit(1), ...packets)
    await expect.poll(() => received).toBe(all.length)
    const extra = await openTls()
    extra.write(multifdInit(2))
    await expect.poll(() => told('refused')).toHaveLength(1)
    first.end(bytesOf(...packets))
    second.end()
    const answers = heard(main, PONG + SHUT_WHOLE)
    expect(await answers).toBe(PONG + SHUT_WHOLE)
    main.end()
    expect(await receiver.outcome).toMatchObject({ hasReturnPath: true })
    expect(
      readdirSync(path)
        .filter((name) => !name.endsWith('.sha256'))
        .sort(),
    ).toEqual([...['main', 'multifd-0', 'multifd-1']])
    expect(told('secured')).toHaveLength(4)
  })

  test('a source without a return path has to end its session', async () => {
    const { receiver, path, openTls } = await receiving({ credentials })
    const source = await openTls()
    source.end(PLAIN)
    expect(await receiver.outcome).toMatchObject({ hasReturnPath: false })
    expect(readFileSync(path).equals(PLAIN)).toBe(true)
  })

  test('a client that is not authorized or speaks in clear does not get in', async () => {
    const { openTls, told, receiver, open } = await receiving({
      credentials,
      authorization: 'none',
    })
    const client = await openTls()
    client.write(ANSWERED)
    await expect
      .poll(() => told('refused'))
      .toMatchObject([{ diagnostics: [{ code: 'TLS_NOT_AUTHORIZED' }] }])
    const clear = await open()
    clear.end(PLAIN)
    await expect.poll(() => told('refused')).toHaveLength(2)
    await receiver.end(0)
    await expect(receiver.outcome).rejects.toThrow(refusal('MIGRATION_RECEIVE_CANCELLED'))
  })
})

describe('the objects of a receiver', () => {
  test('are in use until it is released', async () => {
    const { receiver, objects } = await receiving({ credentials: 'tls0', authorization: 'none' })
    for (const id of ['tls0', 'none']) {
      expect(() => objects.remove(id)).toThrow(refusal('OBJECT_IN_USE'))
    }
    await receiver.end(0)
    receiver.release()
    for (const id of ['tls0', 'none']) objects.remove(id)
  })

  test('are free again where the guest cannot be stored at its place', async () => {
    const objects = objectsOf(`tls-creds-x509,id=tls0,dir=${makeX509Folder()},endpoint=server`)
    const path = scratchFolder()
    const opened = Receiver.open(objects, {
      ...{ path, listen: parseMigrationUri('tcp::0'), credentials: 'tls0', multifd: 0 },
      ...{ handshakeLimit: 0, idleLimit: 0, onEvent: () => {} },
    })
    await expect(opened).rejects.toThrow(refusal('MIGRATION_PLACE_UNUSABLE'))
    objects.remove('tls0')
  })
})

describe('a receiver that is ended', () => {
  test('cuts its source, stores nothing, and listens no more', async () => {
    const { receiver, folder, open, bound } = await receiving()
    const source = await open()
    source.write(PLAIN.subarray(0, -1))
    await receiver.end(0)
    await expect(receiver.outcome).rejects.toThrow(refusal('MIGRATION_RECEIVE_CANCELLED'))
    await expect.poll(() => source.closed).toBe(true)
    expect(readdirSync(folder)).toEqual([])
    const { port } = bound as AddressInfo
    const [error] = await once(connect(port, '127.0.0.1'), 'error').catch((reason) => [reason])
    expect(error).toMatchObject({ code: 'ECONNREFUSED' })
  })

  test('waits for the end of a source that was heard to its end', async () => {
    const { receiver, path, open, told } = await receiving()
    const source = await open()
    source.end(PLAIN)
    await receiver.outcome
    await receiver.end(60_000)
    expect(existsSync(path)).toBe(true)
    expect(told('left')).toHaveLength(1)
  })
})

test.each(['exec:cat', 'file:/a', 'vsock:2:1'])('nothing can listen at %s', async (place) => {
  await expect(receiving({ place })).rejects.toThrow(refusal('MIGRATION_URI_UNUSABLE'))
})
