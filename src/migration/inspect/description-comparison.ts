/** What the descriptions of two streams say differently of the devices that both have. */
import { type DescribedDevice, deviceKey } from '../stream/description.ts'
import { type DescribedField, listFields } from './description-fields.ts'
import type { Consequence, Difference } from './difference.ts'
import type { MainInspection } from './main-inspection.ts'

/**
 * A device of another size, or with a subsection that the second does not have, may be due to what the
 * guests were doing: so QEMU may refuse it or not. Fields that only have other names are taken.
 */
export function compareDescriptions(a: MainInspection, b: MainInspection): readonly Difference[] {
  const others = new Map(
    b.description?.devices.map((device) => [deviceKey(device.name, device.instance), device]),
  )
  return (a.description?.devices ?? []).flatMap((device) => {
    const { name, instance } = device
    const other = others.get(deviceKey(name, instance))
    return other ? compareFields(`${name} ${instance}`, device, other) : []
  })
}

function compareFields(
  device: string,
  first: DescribedDevice,
  second: DescribedDevice,
): readonly Difference[] {
  const [a, b] = [byPath(listFields(first.json)), byPath(listFields(second.json))]
  const isOfOneSize = first.size === second.size
  const paths = [...new Set([...a.keys(), ...b.keys()])]
  return paths
    .filter((path) => a.get(path) !== b.get(path) && !isBelowDifference(path, a, b))
    .map((path) => ({
      kind: 'field',
      subject: `${device}: ${path}`,
      first: a.get(path),
      second: b.get(path),
      consequence: consequenceOf(a.get(path), b.get(path), isOfOneSize),
    }))
}

function consequenceOf(
  first: string | undefined,
  second: string | undefined,
  isOfOneSize: boolean,
): Consequence {
  const isSubsection = (first ?? second)?.startsWith('subsection') ?? false
  // What the first does not send is not looked for, where it is a subsection.
  if (isSubsection) return first === undefined ? 'takes' : 'may refuse'
  return isOfOneSize ? 'takes' : 'may refuse'
}

const SEPARATOR = ' / '

function byPath(fields: readonly DescribedField[]): ReadonlyMap<string, string> {
  return new Map(fields.map((field) => [field.path.join(SEPARATOR), printForm(field)]))
}

function printForm({ type, size, count, version }: DescribedField): string {
  const parts = [
    type,
    size === undefined ? undefined : `${size} bytes`,
    count === 1 ? undefined : `${count} times`,
    version === undefined ? undefined : `version ${version}`,
  ]
  return parts.filter((part) => part !== undefined).join(', ')
}

/** Of a subsection that only one has, its fields need no line of their own. */
function isBelowDifference(
  path: string,
  a: ReadonlyMap<string, string>,
  b: ReadonlyMap<string, string>,
): boolean {
  const names = path.split(SEPARATOR)
  return names.some((_, at) => {
    const above = names.slice(0, at).join(SEPARATOR)
    return at > 0 && a.has(above) !== b.has(above)
  })
}
