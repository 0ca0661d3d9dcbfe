/** What a main channel was found to hold. */
import { type Description, deviceKey } from '../stream/description.ts'
import type {
  MachineConfiguration,
  MigrationCommand,
  RamBlock,
  Section,
  StreamEvent,
} from '../stream/events.ts'
import { PassCount } from './pass-count.ts'
import type { RamCount } from './ram-count.ts'

/** Sections and commands that are listed; of more, the number is told. */
const MAX_LISTED = 0x4_0000

/** Packages that are listed, and what they hold together; a migration has one. */
const MAX_PACKAGES = 64
const MAX_PACKAGED = 0x1_0000

/** Bytes of a command's data that are kept: there may be many commands with many ranges. */
const SHOWN_BYTES = 64

/** A device, or what is sent in several sections: what the destination has to know. */
export type SentDevice = {
  readonly name: string
  readonly instance: number
  readonly version: number
}

/** A disk that was sent with the memory, in blocks of 1 MiB. */
export type SentDisk = { blocks: number; zero: number }

/** Disks that are listed. */
const MAX_DISKS = 1024

/** A command, with as much of its data as is shown. */
export type ListedCommand = Omit<MigrationCommand, 'ranges' | 'isPackaged'> & {
  readonly rangeCount?: number
}

/** A package of post-copy: devices and commands in one piece. */
export type Package = {
  readonly offset: number
  readonly length: number
  /** Names of devices and commands, in order. */
  readonly contents: string[]
}

export class MainInspection {
  readonly kind = 'main'
  startsAt = 0
  version = 0
  configuration: MachineConfiguration | undefined
  total: number | undefined
  blocks: readonly RamBlock[] = []
  /** Page headers that name their block. */
  named = 0
  /** Marks of the end of a RAM section. */
  ramEnds = 0
  /** Places of the marks that let the multifd channels catch up. */
  readonly flushes: number[] = []
  flushCount = 0
  sections: Section[] = []
  sectionCount = 0
  footers = 0
  readonly commands: ListedCommand[] = []
  commandCount = 0
  readonly packages: Package[] = []
  /** Blocks of disks that were sent with the memory. */
  readonly disks = new Map<string, SentDisk>()
  /** Where the mark of the end stands. */
  end: number | undefined
  description: Description | undefined
  descriptionAt: { readonly offset: number; readonly length: number } | undefined
  trailing: { readonly offset: number; readonly count: number } | undefined
  readonly ram: RamCount
  readonly #passes = new PassCount()
  readonly #devices = new Map<string, SentDevice>()
  #packaged = 0
  #isRunning = false

  constructor(ram: RamCount) {
    this.ram = ram
  }

  /** Passes before post-copy. */
  get passes(): number {
    return this.#passes.passes
  }

  get pageSize(): number {
    return this.configuration?.pageSize ?? this.description?.pageSize ?? 4096
  }

  /** Devices by name and instance, also those within packages. */
  get devices(): ReadonlyMap<string, SentDevice> {
    return this.#devices
  }

  /** Where the first command of that name stands. */
  placeOf(command: MigrationCommand['command']): number | undefined {
    return this.commands.find((sent) => sent.command === command)?.offset
  }

  readonly handle = (event: StreamEvent): void => {
    if (event.type === 'page') this.#addPage(event)
    else if (event.type === 'section') this.#addSection(event.section, event.isPackaged)
    else if (event.type === 'command') this.#addCommand(event)
    else this.#handleRare(event)
  }

  #handleRare(event: Exclude<StreamEvent, { type: 'page' | 'section' | 'command' }>): void {
    switch (event.type) {
      case 'header':
        this.startsAt = event.offset
        this.version = event.version
        break
      case 'configuration':
        this.configuration = event.configuration
        break
      case 'ram-setup':
        this.total = event.total
        this.blocks = event.blocks
        break
      case 'ram-end':
        this.ramEnds++
        break
      case 'ram-flush':
        this.flushCount++
        if (this.flushes.length < MAX_LISTED) this.flushes.push(event.offset)
        break
      case 'disk-block':
        this.#addDiskBlock(event.device, event.isZero)
        break
      case 'package':
        this.#addPackage(event.offset, event.length)
        break
      case 'end':
        this.end = event.offset
        break
      case 'description':
        this.description = event.description
        this.descriptionAt = { offset: event.offset, length: event.length }
        break
      case 'devices-corrected':
        this.#correct(event.from, event.sections)
        break
      case 'trailing':
        this.trailing = { offset: event.offset, count: event.count }
        break
    }
  }

  #addPage({ kind, block, offset, isNamed }: Extract<StreamEvent, { type: 'page' }>): void {
    this.ram.add(kind, block.name, offset / (block.mapped?.pageSize ?? this.#pageUnit))
    if (isNamed) this.named++
    if (!this.#isRunning) this.#passes.add(block.index, offset)
  }

  /** Pages are counted before the description can say their size. */
  get #pageUnit(): number {
    return this.configuration?.pageSize ?? 4096
  }

  #addSection(section: Section, isPackaged: boolean): void {
    const { name, instance, version } = section
    if (instance !== undefined && version !== undefined) {
      this.#devices.set(deviceKey(name, instance), { name, instance, version })
    }
    if (isPackaged) {
      this.#addPackaged(section.name)
      return
    }
    this.sectionCount++
    if (section.hasFooter) this.footers++
    if (this.sections.length < MAX_LISTED) this.sections.push(section)
  }

  #addCommand({ isPackaged, ranges, ...command }: MigrationCommand): void {
    if (command.command === 'POSTCOPY_RUN') this.#isRunning = true
    if (isPackaged) {
      this.#addPackaged(command.command)
      return
    }
    this.commandCount++
    if (this.commands.length >= MAX_LISTED) return
    const data = Buffer.from(command.data.subarray(0, SHOWN_BYTES))
    const counted = ranges ? { rangeCount: ranges.length } : {}
    this.commands.push({ ...command, data, ...counted })
  }

  #addDiskBlock(device: string, isZero: boolean): void {
    const disk = this.disks.get(device) ?? { blocks: 0, zero: 0 }
    if (this.disks.size < MAX_DISKS) this.disks.set(device, disk)
    disk.blocks++
    if (isZero) disk.zero++
  }

  #addPackage(offset: number, length: number): void {
    if (this.packages.length < MAX_PACKAGES) this.packages.push({ offset, length, contents: [] })
  }

  #addPackaged(name: string): void {
    if (this.#packaged++ < MAX_PACKAGED) this.packages.at(-1)?.contents.push(name)
  }

  #correct(from: number, sections: readonly Section[]): void {
    const kept = this.sections.filter(({ offset }) => offset < from)
    const dropped = this.sections.slice(kept.length)
    this.sections = kept
    this.sectionCount -= dropped.length
    this.footers -= dropped.filter(({ hasFooter }) => hasFooter).length
    for (const { name, instance = 0 } of dropped) this.#devices.delete(deviceKey(name, instance))
    for (const section of sections) this.#addSection(section, false)
  }
}
