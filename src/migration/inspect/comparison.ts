/**
 * Two streams compared: would the QEMU that sent the second take the first? It knows the machine, the RAM
 * blocks and the devices that it sent, with versions up to those that it sent.
 */
import { deviceKey } from '../stream/description.ts'
import type { RamBlock } from '../stream/events.ts'
import { compareDescriptions } from './description-comparison.ts'
import type { Consequence, Difference } from './difference.ts'
import type { MainInspection } from './main-inspection.ts'

export type Comparison = {
  readonly differences: readonly Difference[]
  /** False where the second QEMU refuses for certain. */
  readonly isTaken: boolean
}

export function compareMigrations(first: MainInspection, second: MainInspection): Comparison {
  const differences = [
    ...compareConfigurations(first, second),
    ...compareBlocks(first, second),
    ...compareDevices(first, second),
    ...compareDescriptions(first, second),
  ]
  return { differences, isTaken: differences.every(({ consequence }) => consequence !== 'refuses') }
}

function compareConfigurations(a: MainInspection, b: MainInspection): readonly Difference[] {
  const compared: readonly Difference[] = [
    difference('machine', 'machine', a.configuration?.machine, b.configuration?.machine),
    difference('page size', 'page size', `${a.pageSize}`, `${b.pageSize}`),
    ...capabilitiesOf([a, b]).map((name) =>
      difference('capability', name, has(a, name), has(b, name)),
    ),
  ]
  // The UUID is checked only where both have one.
  const [uuid, other] = [a.configuration?.uuid, b.configuration?.uuid]
  const uuids = uuid && other ? [difference('uuid', 'uuid', uuid, other)] : []
  return [...compared, ...uuids].filter((each) => each.first !== each.second)
}

function capabilitiesOf(mains: readonly MainInspection[]): readonly string[] {
  return [...new Set(mains.flatMap(({ configuration }) => configuration?.capabilities ?? []))]
}

function has({ configuration }: MainInspection, capability: string): string {
  return configuration?.capabilities?.includes(capability) ? 'on' : 'off'
}

function difference(
  kind: Difference['kind'],
  subject: string,
  first: string | undefined,
  second: string | undefined,
  consequence: Consequence = 'refuses',
): Difference {
  return { kind, subject, first, second, consequence }
}

function compareBlocks(a: MainInspection, b: MainInspection): readonly Difference[] {
  const known = new Map(b.blocks.map((block) => [block.name, block]))
  const sent = new Set(a.blocks.map(({ name }) => name))
  const more = b.blocks.filter(({ name }) => !sent.has(name))
  return [
    ...a.blocks.flatMap((block) => compareBlock(block, known.get(block.name))),
    ...more.map(({ name, size }) => difference('block', name, undefined, bytes(size), 'takes')),
  ]
}

function compareBlock(block: RamBlock, other: RamBlock | undefined): readonly Difference[] {
  const { name, size, address } = block
  if (!other) return [difference('block', name, bytes(size), undefined)]
  const sizes =
    size === other.size
      ? []
      : [
          difference(
            'block',
            name,
            bytes(size),
            bytes(other.size),
            isResizable(block) ? 'may refuse' : 'refuses',
          ),
        ]
  const areMapped = address !== undefined && other.address !== undefined
  const addresses =
    areMapped && address !== other.address
      ? [difference('block', name, `at ${hex(address)}`, `at ${hex(other.address)}`)]
      : []
  return [...sizes, ...addresses]
}

/** Tables of the firmware interface grow with the machine; QEMU makes room for them. */
function isResizable({ name }: RamBlock): boolean {
  return name.startsWith('/rom@')
}

function bytes(size: number): string {
  return `${size} bytes`
}

function hex(address: number): string {
  return `0x${address.toString(16)}`
}

/** Every QEMU knows these, also one that had nothing of them to send. */
const ALWAYS_KNOWN: ReadonlySet<string> = new Set(['dirty-bitmap', 'block', 'globalstate'])

function compareDevices(a: MainInspection, b: MainInspection): readonly Difference[] {
  const missing = [...b.devices].filter(([key]) => !a.devices.has(key))
  return [
    ...[...a.devices.values()].flatMap(({ name, instance, version }): readonly Difference[] => {
      const other = b.devices.get(deviceKey(name, instance))
      const subject = `${name} ${instance}`
      if (!other) {
        const consequence = ALWAYS_KNOWN.has(name) ? 'takes' : 'refuses'
        return [difference('device', subject, `version ${version}`, undefined, consequence)]
      }
      if (version === other.version) return []
      const consequence = version > other.version ? 'refuses' : 'may refuse'
      const versions = [`version ${version}`, `version ${other.version}`] as const
      return [difference('device', subject, ...versions, consequence)]
    }),
    ...missing.map(([, { name, instance, version }]) =>
      difference('device', `${name} ${instance}`, undefined, `version ${version}`, 'takes'),
    ),
  ]
}
