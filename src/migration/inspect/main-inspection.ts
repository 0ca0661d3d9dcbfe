/** What a main channel was found to hold. */
import { type Description, deviceKey } from '../stream/description.ts'
import type {
  Configuration,
  MigrationCommand,
  RamBlock,
  Section,
  StreamEvent,
} from '../stream/events.ts'
import { PassCount } from './pass-count.ts'
import type { RamCount } from './ram-count.ts'

/** Sections and commands that are listed; of more, the number is told. */
const MAX_LISTED = 0x4_0000

/** A device, or what is sent in several sections: what the destination has to know. */
export type SentDevice = {
  readonly name: string
  readonly instance: number
  readonly version: number
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
  configuration: Configuration | undefined
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
  readonly commands: MigrationCommand[] = []
  commandCount = 0
  readonly packages: Package[] = []
  /** Where the mark of the end stands. */
  end: number | undefined
  description: Description | undefined
  descriptionAt: { readonly offset: number; readonly length: number } | undefined
  trailing: { readonly offset: number; readonly count: number } | undefined
  readonly ram: RamCount
  readonly #passes = new PassCount()
  readonly #devices = new Map<string, SentDevice>()
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
      case 'package':
        this.packages.push({ offset: event.offset, length: event.length, contents: [] })
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
      const { contents } = this.packages.at(-1) ?? {}
      if (contents && contents.length < MAX_LISTED) contents.push(section.name)
      return
    }
    this.sectionCount++
    if (section.hasFooter) this.footers++
    if (this.sections.length < MAX_LISTED) this.sections.push(section)
  }

  #addCommand(command: MigrationCommand): void {
    if (command.command === 'POSTCOPY_RUN') this.#isRunning = true
    if (command.isPackaged) {
      const { contents } = this.packages.at(-1) ?? {}
      if (contents && contents.length < MAX_LISTED) contents.push(command.command)
      return
    }
    this.commandCount++
    if (this.commands.length < MAX_LISTED) this.commands.push(command)
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
