/** A receiver within the process of the test, and the streams of guests that it is given. */
import { join } from 'node:path'
import { type Duplex, duplexPair } from 'node:stream'
import { openStore } from '../../../src/migration/receive/open-store.ts'
import { Reception, type ReceptionOptions } from '../../../src/migration/receive/reception.ts'
import { scratchFolder } from '../../cli/command.ts'
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
  multifdInit,
  RAM_END,
  ramSetup,
  start,
  zeroPage,
} from '../crafted-streams.ts'

export const DESCRIPTION = description({
  devices: [{ name: 'cpu', instance_id: 0, version: 1, fields: [{ size: 1 }] }],
})
export const SETUP = start(2, 'ram', bytesOf(ramSetup({ ram: 0x4000 }), RAM_END))
export const REST = bytesOf(
  last(2, bytesOf(zeroPage(0x1000, 'ram'), RAM_END)),
  full(4, 'cpu', [1]),
  EOF,
)
export const guest = (...commands: readonly Bytes[]) =>
  bytesOf(HEADER, configuration('pc-q35-8.0'), ...commands, SETUP, REST)
export const RETURN_PATH = command(1)
export const PONG = '0002000400000007'
export const SHUT_WHOLE = '0001000400000000'
export const SHUT_FAILED = '0001000400000001'

export type Receiving = Awaited<ReturnType<typeof receiver>>

export const init = (channel: number, uuid = 1) => multifdInit(channel, Buffer.alloc(16, uuid))

export async function receiver(options: Partial<ReceptionOptions> = {}) {
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
