/** A stored migration as it is sent: its channels in the order in which QEMU expects them. */
import { fail } from '../../diagnostics/diagnostic.ts'
import { STANDARD_INPUT_MARK } from '../inspect/channel-file.ts'
import type { ChannelInspection } from '../inspect/channel-inspection.ts'
import type { InspectedChannel } from '../inspect/inspected-channel.ts'
import type { MainInspection } from '../inspect/main-inspection.ts'
import { type InspectedMigration, inspectMigration } from '../inspect/migration-inspection.ts'
import { RamCount } from '../inspect/ram-count.ts'
import { PageMarks } from './page-marks.ts'
import { SEND_KINDS } from './send-diagnostics.ts'

export type StoredChannelFile = {
  readonly file: string
  /** The bytes to be sent, of the unpacked file. */
  readonly start: number
  readonly end: number
  /** By places of the unpacked file. */
  readonly marks: PageMarks
}

export type StoredMigration = {
  /** The main channel first, then those of multifd, then the one for urgent pages. */
  readonly channels: readonly StoredChannelFile[]
  /** Bytes of all channels. */
  readonly total: number
  /** Over the guest's memory. */
  readonly passes: number
  /** Whether the destination is asked to answer. */
  readonly hasReturnPath: boolean
  /** How often it is asked whether it is there. */
  readonly pings: number
}

/**
 * Reads all of it once: nothing is sent of a stream that is cut or damaged.
 *
 * @throws DiagnosticError MIGRATION_..., FILE_...
 */
export async function readStoredMigration(
  path: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<StoredMigration> {
  if (path === STANDARD_INPUT_MARK) {
    const reason = 'standard input can be read only once, and it is checked before it is sent'
    fail(SEND_KINDS.notSendable, { file: path, reason, hint: 'store it in a file first' })
  }
  const { marked, ...migration } = await inspectMarked(path, options)
  const main = mainOf(migration)
  const channels = [migration.first, ...inOrder(migration.others)].map((channel) =>
    channelOf(channel, marked),
  )
  return {
    channels,
    passes: main.passes,
    total: channels.reduce((sum, { start, end }) => sum + end - start, 0),
    hasReturnPath: main.placeOf('OPEN_RETURN_PATH') !== undefined,
    pings: main.commands.filter(({ command }) => command === 'PING').length,
  }
}

type Marked = Map<InspectedChannel['inspection'], PageMarks>

async function inspectMarked(
  path: string,
  options: { readonly signal?: AbortSignal },
): Promise<InspectedMigration & { readonly marked: Marked }> {
  const ram = new RamCount()
  const marked: Marked = new Map()
  let [marks, before, at] = [new PageMarks(), 0, 0]
  const onPart = (bytes: number, { inspection }: ChannelInspection): void => {
    if (!inspection) return
    const pages = ram.total
    // The channels are read one after the other.
    if (!marked.has(inspection)) {
      marks = new PageMarks()
      marked.set(inspection, marks)
      before = at
    }
    at = pages
    const pass = inspection.kind === 'main' ? inspection.passes : 0
    marks.add({ at: bytes, pages: pages - before, pass })
  }
  const migration = await inspectMigration(path, { ...options, ram, onPart })
  return { ...migration, marked }
}

function mainOf({ first: { file, inspection } }: InspectedMigration): MainInspection {
  if (inspection.kind !== 'main') {
    const hint = 'name the folder of all its channels'
    return fail(SEND_KINDS.notSendable, { file, reason: 'it is not the main channel', hint })
  }
  if (inspection.blocks.some(({ mapped }) => mapped)) {
    const reason =
      'its pages have fixed places in the file (mapped-ram), and no connection has these'
    const hint = `QEMU reads it itself: -incoming file:${file}`
    return fail(SEND_KINDS.notSendable, { file, reason, hint })
  }
  return inspection
}

/** What the destination answered when it was recorded is not sent. */
function inOrder(others: readonly InspectedChannel[]): readonly InspectedChannel[] {
  const numberOf = ({ inspection }: InspectedChannel) =>
    inspection.kind === 'multifd' ? inspection.channel : Number.POSITIVE_INFINITY
  return others
    .filter(({ inspection: { kind } }) => kind === 'multifd' || kind === 'preempt')
    .sort((a, b) => numberOf(a) - numberOf(b) || 0)
}

/** Of a main channel what stands before it and behind it is left out. */
function channelOf(
  { file, bytes, inspection }: InspectedChannel,
  marked: Marked,
): StoredChannelFile {
  const marks = marked.get(inspection) ?? new PageMarks()
  if (inspection.kind !== 'main') return { file, start: 0, end: bytes, marks }
  return { file, start: inspection.startsAt, end: inspection.trailing?.offset ?? bytes, marks }
}
