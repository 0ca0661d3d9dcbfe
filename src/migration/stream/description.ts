/**
 * The description behind the end of the stream: JSON that says of each device which fields it has, and
 * how long they are. QEMU writes it for tools and does not read it.
 */

/** JSON as QEMU writes it. */
export type DescriptionJson = { readonly [key: string]: unknown }

export type DescribedDevice = {
  readonly name: string
  readonly instance: number
  readonly version: number | undefined
  /** Bytes between header and footer; undefined where the description does not say them all. */
  readonly size: number | undefined
  readonly json: DescriptionJson
}

export type Description = {
  readonly json: DescriptionJson
  readonly pageSize: number | undefined
  readonly devices: readonly DescribedDevice[]
}

/** Deeper than any description; so that a hostile one does not exhaust the stack. */
const MAX_DEPTH = 64

/** Gives undefined where the bytes are no description. */
export function parseDescription(bytes: Buffer): Description | undefined {
  try {
    return readDescription(JSON.parse(bytes.toString('utf8')))
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined
    throw error
  }
}

function readDescription(value: unknown): Description | undefined {
  const json = describedObject(value)
  if (!json || !Array.isArray(json.devices)) return undefined
  const devices = json.devices.map(readDevice)
  if (!devices.every((device) => device !== undefined)) return undefined
  return { json, pageSize: countOf(json.page_size), devices }
}

/** Where a device is found in a description or a stream. */
export function deviceKey(name: string, instance: number): string {
  return `${instance} ${name}`
}

function readDevice(value: unknown): DescribedDevice | undefined {
  const json = describedObject(value)
  const instance = countOf(json?.instance_id)
  if (!json || typeof json.name !== 'string' || instance === undefined) return undefined
  const version = countOf(json.version)
  return { name: json.name, instance, version, size: sizeOfState(json, 0), json }
}

/** The fields and the subsections of a device, or of a structure within it. */
function sizeOfState(state: DescriptionJson, depth: number): number | undefined {
  if (depth > MAX_DEPTH) return undefined
  const fields = listOf(state.fields).map((field) => sizeOfField(field, depth + 1))
  const parts = listOf(state.subsections).map((part) => sizeOfSubsection(part, depth + 1))
  return sum([...fields, ...parts])
}

/** Type, length of the name, name, version, then its state. */
function sizeOfSubsection(value: unknown, depth: number): number | undefined {
  const part = describedObject(value)
  if (!part || typeof part.vmsd_name !== 'string') return undefined
  return sum([1 + 1 + Buffer.byteLength(part.vmsd_name) + 4, sizeOfState(part, depth)])
}

function sizeOfField(value: unknown, depth: number): number | undefined {
  const field = describedObject(value)
  if (!field) return undefined
  const struct = field.type === 'struct' ? describedObject(field.struct) : undefined
  const own = countOf(field.size)
  const count = countOf(field.array_len) ?? 1
  const size = struct ? sizeOfState(struct, depth) : own
  return size === undefined ? undefined : countOf(size * count)
}

function sum(sizes: readonly (number | undefined)[]): number | undefined {
  return sizes.reduce(
    (total, size) =>
      total === undefined || size === undefined ? undefined : countOf(total + size),
    0,
  )
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** Gives undefined where the value is no object. */
export function describedObject(value: unknown): DescriptionJson | undefined {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject ? (value as DescriptionJson) : undefined
}

/** Gives undefined where it is not said. @throws RangeError where no QEMU says so. */
function countOf(value: unknown): number | undefined {
  if (value === undefined) return undefined
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number
  throw new RangeError('no number of bytes, nor of devices')
}
