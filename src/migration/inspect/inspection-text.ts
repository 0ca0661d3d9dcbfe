/** An inspected migration as tables, for people. */
import type { Section } from '../stream/events.ts'
import type { Inspection } from './channel-inspection.ts'
import type { InspectedChannel } from './inspected-channel.ts'
import { MainInspection } from './main-inspection.ts'
import type { InspectedMigration } from './migration-inspection.ts'
import { MultifdInspection } from './multifd-inspection.ts'
import type { PageCounts, RamCount } from './ram-count.ts'
import { PreemptInspection } from './small-channels.ts'
import { printColumns, printFacts } from './text-table.ts'

/** A migration, or what was found of one before an error. */
export type ShownMigration = Pick<InspectedMigration, 'others' | 'ignored' | 'ram'> & {
  readonly first: Omit<InspectedChannel, 'sha256'> & { readonly sha256?: string }
}

export function printMigration({ first, others, ignored, ram }: ShownMigration): readonly string[] {
  const isWhole = first.sha256 !== undefined
  return [
    ...printFacts([
      ['bytes', `${first.bytes}${isWhole ? '' : ' were read'}`],
      ['sha256', first.sha256],
    ]),
    ...printContent(first.inspection, ram, isWhole),
    ...(others.length === 0
      ? []
      : ['channels:', ...printColumns([['file', 'bytes', 'channel'], ...others.map(channelRow)])]),
    ...(ignored.length === 0 ? [] : printFacts([['ignored', ignored.join(', ')]])),
  ]
}

function printContent(inspection: Inspection, ram: RamCount, isWhole: boolean): readonly string[] {
  if (inspection instanceof MainInspection) return printMain(inspection, ram, isWhole)
  if (inspection instanceof MultifdInspection) return printMultifd(inspection)
  if (inspection instanceof PreemptInspection) {
    return printFacts([
      ['channel', 'preempt'],
      ['pages', `${inspection.pages}`],
    ])
  }
  return [
    ...printFacts([['channel', 'return path']]),
    ...printColumns([
      ['offset', 'message', 'data'],
      ...inspection.messages.map(({ offset, message, value, block, range }) => [
        `${offset}`,
        message,
        [value, block, range && `${range.length} bytes at ${range.start}`]
          .filter((part) => part !== undefined)
          .join(' '),
      ]),
    ]),
  ]
}

function printMain(main: MainInspection, ram: RamCount, isWhole: boolean): readonly string[] {
  return [
    ...printFacts([
      ['complete', isWhole ? 'yes' : 'no'],
      ['machine', main.configuration?.machine ?? 'not told'],
      ['begins at', main.startsAt === 0 ? undefined : `byte ${main.startsAt}`],
      ['capabilities', main.configuration?.capabilities?.join(', ')],
      ['uuid', main.configuration?.uuid],
      ['pages', printPages(ram.pages)],
      ['passes', main.passes === 0 ? undefined : `${main.passes}`],
      ['post-copy', printPostcopy(main)],
      ['ends at', main.end === undefined ? undefined : `byte ${main.end}`],
    ]),
    'RAM blocks:',
    ...printColumns([
      ['name', 'size', 'sent', 'zero', 'repeated'],
      ...main.blocks.map(({ name, size }) => {
        const { sent, zero, distinct } = ram.block(name)
        const repeated = distinct === null ? 'unknown' : `${sent - distinct}`
        return [name, `${size}`, `${sent}`, `${zero}`, repeated]
      }),
    ]),
    ...printDisks(main),
    ...printCommands(main),
    'sections:',
    ...printColumns([SECTION_TITLES, ...sectionRows(main.sections)]),
  ]
}

function printPages(pages: PageCounts): string {
  const counts = Object.entries(pages).filter(([, count]) => count > 0)
  return counts.length === 0 ? 'none' : counts.map(([kind, count]) => `${count} ${kind}`).join(', ')
}

function printPostcopy(main: MainInspection): string | undefined {
  const advised = main.placeOf('POSTCOPY_ADVISE')
  const [begun] = main.packages
  if (advised === undefined) return undefined
  return begun ? `from byte ${begun.offset} on` : `possible (byte ${advised}), not used`
}

function printDisks({ disks }: MainInspection): readonly string[] {
  if (disks.size === 0) return []
  const rows = [...disks].map(([device, { blocks, zero }]) => [device, `${blocks}`, `${zero}`])
  return ['disks, in blocks of 1 MiB:', ...printColumns([['device', 'sent', 'zero'], ...rows])]
}

function printCommands({ commands, packages }: MainInspection): readonly string[] {
  if (commands.length === 0) return []
  return [
    'commands:',
    ...printColumns([
      ['offset', 'command', 'data'],
      ...commands.map(({ offset, command, value, block, rangeCount, packageLength }) => [
        `${offset}`,
        command,
        [
          value,
          block,
          rangeCount && `${rangeCount} ranges`,
          packageLength && `${packageLength} bytes`,
          packageLength && packages.find((each) => each.offset === offset + 9)?.contents.join(', '),
        ]
          .filter((part) => part !== undefined)
          .join(' '),
      ]),
    ]),
  ]
}

const SECTION_TITLES = ['offset', 'kind', 'id', 'name', 'instance', 'version', 'bytes']

/** Sections of one kind in a row of one device take one line: there may be thousands of PART. */
function sectionRows(sections: readonly Section[]): readonly (readonly string[])[] {
  const runs: { first: Section; count: number; length: number }[] = []
  for (const section of sections) {
    const last = runs.at(-1)
    if (section.kind === 'PART' && last?.first.kind === 'PART' && last.first.id === section.id) {
      last.count++
      last.length += section.length
    } else runs.push({ first: section, count: 1, length: section.length })
  }
  return runs.map(({ first: { offset, kind, id, name, instance, version }, count, length }) => [
    `${offset}`,
    count === 1 ? kind : `${count} ${kind}`,
    `${id}`,
    name,
    `${instance ?? '-'}`,
    `${version ?? '-'}`,
    `${length}`,
  ])
}

function printMultifd(multifd: MultifdInspection): readonly string[] {
  const { channel, packets, syncs, normal, zero, payload, first } = multifd
  const compressions = new Set(first.map(({ compression }) => compression))
  compressions.delete('none')
  return printFacts([
    ['channel', `multifd ${channel}`],
    ['packets', `${packets}, ${syncs} with SYNC`],
    ['pages', `${normal} normal, ${zero} zero`],
    ['payload', `${payload} bytes`],
    ['compression', compressions.size === 0 ? undefined : [...compressions].join(', ')],
  ])
}

function channelRow({ file, bytes, inspection }: InspectedChannel): readonly string[] {
  return [file, `${bytes}`, channelName(inspection)]
}

function channelName(inspection: Inspection): string {
  if (!(inspection instanceof MultifdInspection)) return inspection.kind
  const { channel, normal, zero } = inspection
  return `multifd ${channel}: ${normal} normal, ${zero} zero`
}
