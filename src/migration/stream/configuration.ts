/** The CONFIGURATION section: the machine, and subsections that both sides have to agree on. */
import { QEMU_VM } from './constants.ts'
import type { MachineConfiguration } from './events.ts'
import type { Decoding, StreamInput } from './stream-input.ts'

type Values = Omit<Partial<MachineConfiguration>, 'machine' | 'subsections'>
type SubsectionDecoder = (input: StreamInput) => Decoding<Values>

/** Longer than the name of any machine, and than any list of capabilities. */
const MAX_MACHINE_NAME = 256
const MAX_CAPABILITIES = 256

const SUBSECTIONS: Readonly<Record<string, SubsectionDecoder>> = {
  'configuration/target-page-bits': decodePageBits,
  'configuration/capabilities': decodeCapabilities,
  'configuration/uuid': decodeUuid,
}

/** Reads it from behind its type. */
export function* decodeConfiguration(input: StreamInput): Decoding<MachineConfiguration> {
  input.section = 'configuration'
  const length = yield* input.uint32('the length of the machine name')
  if (length > MAX_MACHINE_NAME) {
    input.refuseLimit(
      `a machine name of at most ${MAX_MACHINE_NAME} bytes`,
      `${length}`,
      input.offset - 4,
    )
  }
  yield* input.need(length, 'the machine name')
  const machine = input.readBytes(length).toString('latin1')
  const subsections: string[] = []
  let values: Values = {}
  while ((yield* input.peekUint8('a section')) === QEMU_VM.SUBSECTION) {
    const name = yield* decodeSubsectionName(input)
    if (subsections.includes(name)) input.refuse('each subsection once', `${name} again`)
    subsections.push(name)
    values = { ...values, ...(yield* decoderOf(input, name)(input)) }
    input.section = 'configuration'
  }
  return { machine, subsections, ...values }
}

function* decodeSubsectionName(input: StreamInput): Decoding<string> {
  yield* input.uint8('a subsection')
  const name = yield* input.name('the name of a subsection')
  input.section = name
  const version = yield* input.uint32('the version of the subsection')
  if (version !== 1) input.refuse('version 1 of the subsection', `${version}`, input.offset - 4)
  return name
}

function decoderOf(input: StreamInput, name: string): SubsectionDecoder {
  const decoder = Object.hasOwn(SUBSECTIONS, name) ? SUBSECTIONS[name] : undefined
  const known = Object.keys(SUBSECTIONS).join(', ')
  return decoder ?? input.refuse(`a subsection that is known (${known})`, JSON.stringify(name))
}

function* decodePageBits(input: StreamInput): Decoding<Values> {
  const bits = yield* input.uint32('the bits of the page size')
  // QEMU's smallest and largest page sizes of any machine: 1 KiB and 64 KiB.
  if (bits < 10 || bits > 16) input.refuse('10 to 16 bits', `${bits}`, input.offset - 4)
  return { pageSize: 2 ** bits }
}

function* decodeCapabilities(input: StreamInput): Decoding<Values> {
  const count = yield* input.uint32('the number of capabilities')
  if (count > MAX_CAPABILITIES) {
    input.refuseLimit(`at most ${MAX_CAPABILITIES} capabilities`, `${count}`, input.offset - 4)
  }
  const capabilities: string[] = []
  for (let at = 0; at < count; at++) capabilities.push(yield* input.name('a capability'))
  return { capabilities }
}

function* decodeUuid(input: StreamInput): Decoding<Values> {
  yield* input.need(16, 'the UUID of the guest')
  return { uuid: input.readBytes(16).toString('hex') }
}
