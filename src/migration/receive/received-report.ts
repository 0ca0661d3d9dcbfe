/** A migration that was stored, in words and as data. */
import type { JsonResult } from '../../diagnostics/diagnostic-json.ts'
import { MultifdInspection } from '../inspect/multifd-inspection.ts'
import { countPages } from '../inspect/ram-count.ts'
import type { StoredChannel } from './received-channel.ts'
import type { ReceivedMigration } from './reception.ts'

/** One line. */
export function describeReceived(received: ReceivedMigration, seconds: number): string {
  const { path, main, ram } = received
  const machine = main.configuration?.machine ?? 'a machine of an old type'
  const parts = [
    `${path}: ${machine}, ${bytesOf(received)} bytes in ${Math.max(seconds, 0.1).toFixed(1)} s`,
    `${countPages(ram.pages)} pages in ${main.passes} ${main.passes === 1 ? 'pass' : 'passes'}`,
    received.hasReturnPath ? 'the source was told' : 'the source has no return path',
  ]
  return parts.join('; ')
}

export function receivedToJson(received: ReceivedMigration, seconds: number): JsonResult {
  const { path, channels, main, ram, hasReturnPath } = received
  const [first] = channels
  return {
    file: path,
    bytes: bytesOf(received),
    sha256: first?.sha256 ?? null,
    complete: true,
    machine: main.configuration?.machine ?? null,
    returnPath: hasReturnPath,
    ram: {
      blocks: main.blocks.map(({ name, size }) => ({ name, size })),
      pages: ram.pages,
      passes: main.passes,
    },
    channels: channels.map(channelToJson),
    seconds,
  }
}

function bytesOf({ channels }: ReceivedMigration): number {
  return channels.reduce((sum, { bytes }) => sum + bytes, 0)
}

function channelToJson({ file, bytes, sha256, inspection }: StoredChannel): JsonResult {
  const number = inspection instanceof MultifdInspection ? inspection.channel : null
  return { file, kind: inspection.kind, number, bytes, sha256 }
}
