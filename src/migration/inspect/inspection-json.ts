/** An inspected migration as data, for `--json`. */
import type { JsonResult } from '../../diagnostics/diagnostic-json.ts'
import type { RamBlock, ReturnPathMessage, Section } from '../stream/events.ts'
import type { Inspection } from './channel-inspection.ts'
import type { InspectedChannel } from './inspected-channel.ts'
import { type ListedCommand, MainInspection } from './main-inspection.ts'
import type { InspectedMigration } from './migration-inspection.ts'
import { MultifdInspection } from './multifd-inspection.ts'
import type { RamCount } from './ram-count.ts'
import { PreemptInspection } from './small-channels.ts'

/** The first channel, with the pages of all. */
export function migrationToJson({ first, others, ignored, ram }: InspectedMigration): JsonResult {
  return {
    ...channelToJson(first, ram),
    channels: others.map((channel) => channelToJson(channel, ram)),
    ignored,
  }
}

function channelToJson(
  { file, bytes, sha256, inspection }: InspectedChannel,
  ram: RamCount,
): JsonResult {
  const { kind } = inspection
  return { file, kind, bytes, sha256, ...contentToJson(inspection, ram) }
}

function contentToJson(inspection: Inspection, ram: RamCount): JsonResult {
  if (inspection instanceof MainInspection) return mainToJson(inspection, ram)
  if (inspection instanceof MultifdInspection) return multifdToJson(inspection)
  if (inspection instanceof PreemptInspection) {
    return { complete: null, pages: inspection.pages, ramEnds: inspection.ramEnds }
  }
  const { messages, messageCount } = inspection
  return {
    complete: null,
    messages: messages.map(messageToJson),
    messagesNotListed: messageCount - messages.length,
  }
}

function mainToJson(main: MainInspection, ram: RamCount): JsonResult {
  const { configuration, commands, sections, packages, trailing, end, description } = main
  return {
    complete: end !== undefined,
    format: configuration?.capabilities?.includes('mapped-ram') ? 'mapped-ram' : 'stream',
    startsAt: main.startsAt,
    version: main.version,
    machine: configuration?.machine ?? null,
    configuration: configuration
      ? {
          pageSize: configuration.pageSize ?? null,
          capabilities: configuration.capabilities ?? null,
          uuid: configuration.uuid ?? null,
          subsections: configuration.subsections,
        }
      : null,
    ram: {
      pageSize: main.pageSize,
      total: main.total ?? null,
      blocks: main.blocks.map((block) => blockToJson(block, ram)),
      pages: ram.pages,
      named: main.named,
      ends: main.ramEnds,
      flushes: main.flushes,
      passes: main.passes === 0 ? null : main.passes,
    },
    disks: [...main.disks].map(([device, counts]) => ({ device, ...counts })),
    sections: sections.map(sectionToJson),
    sectionsNotListed: main.sectionCount - sections.length,
    footers: main.footers,
    commands: commands.map(commandToJson),
    commandsNotListed: main.commandCount - commands.length,
    packages,
    postcopy: postcopyToJson(main),
    end: end ?? null,
    description: description?.json ?? null,
    descriptionAt: main.descriptionAt ?? null,
    bytesAfterEnd:
      (main.descriptionAt ? main.descriptionAt.length + 5 : 0) + (trailing?.count ?? 0),
  }
}

function blockToJson({ name, size, hostPageSize, address, mapped }: RamBlock, ram: RamCount) {
  const { sent, zero, distinct, zeroAtEnd } = ram.block(name)
  const repeated = distinct === null ? null : sent - distinct
  return {
    ...{ name, size, hostPageSize: hostPageSize ?? null, address: address ?? null },
    mapped: mapped ?? null,
    pages: { sent, zero, repeated, distinct, zeroAtEnd },
  }
}

function sectionToJson(section: Section) {
  const { offset, kind, id, name, instance = null, version = null, length } = section
  return { offset, kind, id, name, instance, version, length }
}

function commandToJson(listed: ListedCommand) {
  const { offset, command, length, data, value, block, rangeCount } = listed
  return {
    ...{ offset, command, length, data: data.toString('hex') },
    ...{ value: value ?? null, block: block ?? null, ranges: rangeCount ?? null },
  }
}

/** Where post-copy began; null where it was never thought of. */
function postcopyToJson(main: MainInspection) {
  const advised = main.placeOf('POSTCOPY_ADVISE')
  if (advised === undefined) return null
  const [begun] = main.packages
  return { advised, begun: begun?.offset ?? null }
}

function multifdToJson(multifd: MultifdInspection): JsonResult {
  const { version, uuid, channel, packets, syncs, normal, zero, payload, stale } = multifd
  return {
    ...{ complete: null, version, uuid, channel, packets, syncs, pages: { normal, zero }, payload },
    stale,
    deviceStates: multifd.deviceStates,
    lastFlags: multifd.lastFlags ?? null,
    flags: [...multifd.flags].map(([flags, count]) => ({ flags, count })),
    allocated: [...multifd.allocated].sort((a, b) => a - b),
    blocks: [...multifd.blocks].map(([name, pages]) => ({ name, pages })),
    first: multifd.first.map((packet) => ({
      offset: packet.offset,
      flags: packet.flags,
      allocated: packet.allocated,
      normal: packet.normal,
      zero: packet.zero,
      nextSize: packet.nextSize,
      number: String(packet.number),
      block: packet.block,
      compression: packet.compression,
    })),
  }
}

function messageToJson({ offset, message, length, data, value, block, range }: ReturnPathMessage) {
  return {
    ...{ offset, message, length, data: data.toString('hex') },
    ...{ value: value ?? null, block: block ?? null, range: range ?? null },
  }
}
