/** The description of a device as a flat list: each field and subsection with its path. */
import { type DescriptionJson, describedObject } from '../stream/description.ts'

export type DescribedField = {
  /** Names from the device down. */
  readonly path: readonly string[]
  /** `uint32`, `struct`, `subsection`. */
  readonly type: string
  /** Bytes of one element. */
  readonly size: number | undefined
  readonly count: number
  /** Of a structure or a subsection. */
  readonly version: number | undefined
}

/** Deeper than any description; so that a hostile one does not exhaust the stack. */
const MAX_DEPTH = 64

export function listFields(state: DescriptionJson, path: readonly string[] = []): DescribedField[] {
  if (path.length > MAX_DEPTH) return []
  const fields = listOf(state.fields).flatMap((field) => listField(field, path))
  const parts = listOf(state.subsections).flatMap((part) => listSubsection(part, path))
  return [...fields, ...parts]
}

function listField(field: DescriptionJson, above: readonly string[]): DescribedField[] {
  const struct = describedObject(field.struct)
  const path = [...above, indexedName(field)]
  const own: DescribedField = {
    path,
    type: textOf(field.type) ?? 'unknown',
    size: numberOf(field.size),
    count: numberOf(field.array_len) ?? 1,
    version: struct ? numberOf(struct.version) : undefined,
  }
  return [own, ...(struct ? listFields(struct, path) : [])]
}

function indexedName({ name, index }: DescriptionJson): string {
  const text = textOf(name) ?? '?'
  return typeof index === 'number' ? `${text}[${index}]` : text
}

function listSubsection(part: DescriptionJson, above: readonly string[]): DescribedField[] {
  const path = [...above, textOf(part.vmsd_name) ?? '?']
  const version = numberOf(part.version)
  return [
    { path, type: 'subsection', size: undefined, count: 1, version },
    ...listFields(part, path),
  ]
}

function listOf(value: unknown): readonly DescriptionJson[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : []
  return items.map(describedObject).filter((item) => item !== undefined)
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}
