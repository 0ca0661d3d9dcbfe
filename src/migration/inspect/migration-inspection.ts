/** Inspects a migration: one file, or a folder with a file for each of its channels. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Diagnostic, diagnose, fail } from '../../diagnostics/diagnostic.ts'
import { MIGRATION_KINDS } from '../migration-diagnostics.ts'
import { type ChannelKind, channelKindOf, DECIDING_BYTES } from '../stream/channel-kind.ts'
import { STREAM_KINDS } from '../stream/stream-diagnostics.ts'
import { readChannelParts, STANDARD_INPUT_MARK } from './channel-file.ts'
import type { ChannelInspection, ChannelOptions } from './channel-inspection.ts'
import { type CheckedChannel, type InspectedChannel, inspectChannel } from './inspected-channel.ts'
import { MainInspection } from './main-inspection.ts'
import { checkMultifd } from './multifd-check.ts'
import { RamCount } from './ram-count.ts'

export type InspectedMigration = {
  /** The main channel; of a file that holds another channel, that one. */
  readonly first: InspectedChannel
  /** The other channels of a folder. */
  readonly others: readonly InspectedChannel[]
  /** Files of the folder that are no channels. */
  readonly ignored: readonly string[]
  /** The pages of all channels. */
  readonly ram: RamCount
  readonly warnings: readonly Diagnostic[]
}

export type InspectionOptions = Pick<
  ChannelOptions,
  'offset' | 'pageSize' | 'ram' | 'onStream' | 'onMultifd' | 'signal'
> & {
  /** Told of each channel before its first byte. */
  readonly onChannel?: (kind: ChannelKind | undefined) => void
  /** Told after each part of a file. */
  readonly onPart?: (bytes: number, channel: ChannelInspection) => Promise<void> | void
}

/**
 * @param path A file, a folder, or `-` for standard input.
 * @throws DiagnosticError where anything of it is wrong, cut or not there.
 */
export async function inspectMigration(
  path: string,
  options: InspectionOptions = {},
): Promise<InspectedMigration> {
  if (path !== STANDARD_INPUT_MARK && (await isFolder(path))) return inspectFolder(path, options)
  const { ram = new RamCount() } = options
  const first = await inspectChannel(path, { ...options, ram }, options.onPart)
  await checkDigest(first)
  return { first, others: [], ignored: [], ram, warnings: warningsOf(first) }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch {
    // What is wrong with it is told where it is opened.
    return false
  }
}

type FoundChannel = { readonly file: string; readonly kind: ChannelKind }

async function inspectFolder(
  folder: string,
  options: InspectionOptions,
): Promise<InspectedMigration> {
  const { channels, ignored } = await findChannels(folder)
  const mains = channels.filter(({ kind }) => kind === 'main')
  const [main] = mains
  if (!main) return fail(MIGRATION_KINDS.noMainChannel, { folder })
  if (mains.length > 1) {
    fail(MIGRATION_KINDS.severalMainChannels, { folder, files: mains.map(({ file }) => file) })
  }
  const { ram = new RamCount() } = options
  options.onChannel?.('main')
  const first = await inspectChannel(main.file, { ...options, ram }, options.onPart)
  const { inspection } = first
  if (!(inspection instanceof MainInspection)) throw new Error('a main channel is read as another')
  await checkDigest(first)
  const others: InspectedChannel[] = []
  for (const { file, kind } of channels.filter((channel) => channel !== main)) {
    options.onChannel?.(kind)
    const { pageSize, onStream, onMultifd } = options
    const settings = {
      pageSize: pageSize ?? inspection.pageSize,
      ram,
      main: inspection,
      onStream,
      onMultifd,
    }
    const other = await inspectChannel(file, settings as ChannelOptions, options.onPart)
    await checkDigest(other)
    others.push(other)
  }
  checkMultifd(folder, inspection, others)
  return { first, others, ignored, ram, warnings: warningsOf(first) }
}

async function findChannels(
  folder: string,
): Promise<{ readonly channels: readonly FoundChannel[]; readonly ignored: readonly string[] }> {
  const channels: FoundChannel[] = []
  const ignored: string[] = []
  for (const entry of (await readdir(folder, { withFileTypes: true })).sort(byName)) {
    const file = join(folder, entry.name)
    const kind = entry.isFile() ? channelKindOf(await firstBytes(file)) : undefined
    if (kind) channels.push({ file, kind })
    else if (!isDigest(entry.name)) ignored.push(entry.name)
  }
  return { channels, ignored }
}

/** It is read with its channel. */
function isDigest(name: string): boolean {
  return name.endsWith('.sha256')
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1
}

async function firstBytes(file: string): Promise<Buffer> {
  let head = Buffer.alloc(0)
  for await (const part of readChannelParts(file)) {
    head = Buffer.concat([head, part])
    if (head.length >= DECIDING_BYTES) break
  }
  return head.subarray(0, DECIDING_BYTES)
}

/** What a stored migration has beside it says whether it is still the same. */
async function checkDigest({ file, sha256 }: InspectedChannel): Promise<void> {
  if (file === STANDARD_INPUT_MARK) return
  let text: string
  try {
    text = await readFile(`${file}.sha256`, 'latin1')
  } catch {
    return
  }
  const expected = /^[0-9a-f]{64}\b/.exec(text)?.[0]
  if (expected !== undefined && expected !== sha256) {
    fail(MIGRATION_KINDS.digestDiffers, { file, expected, found: sha256 })
  }
}

/** What was noticed of a main channel. */
export function warningsOf({ inspection }: CheckedChannel): readonly Diagnostic[] {
  if (!(inspection instanceof MainInspection)) return []
  const { trailing, description, end = 0 } = inspection
  // After post-copy there is none.
  const isDescribed = description !== undefined || inspection.packages.length > 0
  return [
    ...(isDescribed ? [] : [diagnose(STREAM_KINDS.noDescription, { offset: end + 1 })]),
    ...(trailing ? [diagnose(STREAM_KINDS.trailingBytes, trailing)] : []),
  ]
}
