/** What the decoders of the main channel share while they read one stream. */
import { DEFAULT_PAGE_SIZE } from './constants.ts'
import { deviceKey } from './description.ts'
import type { Section } from './events.ts'
import { createRamState, type Emit, type RamState } from './ram-setup.ts'
import { MAX_SECTION_IDS, type SectionHeader, type SectionNames } from './section-header.ts'
import type { StreamInput } from './stream-input.ts'

export type MainOptions = {
  /** Bytes of the guest's pages, where the stream does not say them. */
  readonly pageSize?: number
}

export type MainState = {
  readonly emit: Emit
  readonly ram: RamState
  readonly names: SectionNames
  /** Whether sections have footers; machine types before 2.4 have none. */
  hasFooters: boolean
  /** Whether a RAM section has shown that. */
  isFooterKnown: boolean
  /** The last section of each device, for the sizes that the description says. */
  readonly devices: Map<string, Section>
}

export function createMainState(emit: Emit, { pageSize }: MainOptions): MainState {
  return {
    emit,
    ram: createRamState(pageSize ?? DEFAULT_PAGE_SIZE),
    names: new Map(),
    hasFooters: true,
    isFooterKnown: false,
    devices: new Map(),
  }
}

/** A section whose last byte was read. */
export function endSection(
  input: StreamInput,
  { offset, kind, id, name, instance, version, length: headerLength }: SectionHeader,
  footerLength: number,
): Section {
  const length = input.offset - offset
  return {
    ...{ offset, kind, id, name },
    ...(instance === undefined ? {} : { instance }),
    ...(version === undefined ? {} : { version }),
    length,
    bodyLength: length - headerLength - footerLength,
    hasFooter: footerLength > 0,
  }
}

/** Tells a section, and keeps the size of a device. */
export function tellSection(
  { emit, devices }: MainState,
  input: StreamInput,
  section: Section,
  isPackaged = false,
): void {
  if (section.kind === 'FULL') devices.set(deviceKey(section.name, section.instance ?? 0), section)
  if (devices.size > MAX_SECTION_IDS) {
    const expected = `at most ${MAX_SECTION_IDS} devices`
    input.refuseLimit(expected, `${devices.size}`, section.offset)
  }
  emit({ type: 'section', section, isPackaged })
}
