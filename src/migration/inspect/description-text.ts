/** The description of a stream as a tree. */
import type { Description } from '../stream/description.ts'
import { type DescribedField, listFields } from './description-fields.ts'

export function printDescription({ devices }: Description): readonly string[] {
  return devices.flatMap(({ name, instance, version, size, json }) => [
    `${name} ${instance}: version ${version ?? 'unknown'}, ${size ?? 'unknown'} bytes`,
    ...listFields(json).map(printField),
  ])
}

function printField({ path, type, size, count, version }: DescribedField): string {
  const parts = [
    `${type}${count === 1 ? '' : `[${count}]`}`,
    size === undefined ? undefined : `${size * count} bytes`,
    version === undefined ? undefined : `version ${version}`,
  ].filter((part) => part !== undefined)
  return `${'  '.repeat(path.length)}${path.at(-1)}: ${parts.join(', ')}`
}
