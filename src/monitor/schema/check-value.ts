/** Checks what a client sends against its type, and tells what is wrong in QEMU's words. */
import {
  isJsonList,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  memberOf,
} from '../protocol/json-value.ts'
import { refuseCommand } from '../protocol/qmp-error.ts'
import {
  type AlternateType,
  type EnumType,
  type IntegerType,
  integerRange,
  type ListType,
  type OptionalMember,
  type PlainType,
  type QapiType,
  type StructType,
  type ValueOf,
} from './qapi-types.ts'

/** Where a value stands: QEMU's errors name some by the whole way, some by the last name of it. */
type Place = { readonly path: string; readonly name: string }

/**
 * Checks the arguments of a command.
 *
 * @throws QmpError
 */
export function checkArguments<Type extends StructType>(
  type: Type,
  value: JsonObject,
): ValueOf<Type> {
  return checkStruct(type, value, '') as ValueOf<Type>
}

/**
 * Checks one value.
 *
 * @param name As errors call it.
 * @throws QmpError
 */
export function checkValue<Type extends QapiType>(
  type: Type,
  value: JsonValue,
  name: string,
): ValueOf<Type> {
  return check(type, value, { path: name, name }) as ValueOf<Type>
}

function check(type: QapiType, value: JsonValue, place: Place): unknown {
  switch (type.kind) {
    case 'plain':
      return checkPlain(type, value, place)
    case 'integer':
      return checkInteger(type, value, place)
    case 'enum':
      return checkEnum(type, value, place)
    case 'list':
      return checkList(type, value, place)
    case 'alternate':
      return checkAlternate(type, value, place)
    case 'struct':
      if (!isJsonObject(value)) return refuseType(place.path, 'object')
      return checkStruct(type, value, place.path)
  }
}

const EXPECTED = { str: 'string', bool: 'boolean', number: 'number', null: 'null' } as const

function checkPlain({ name }: PlainType, value: JsonValue, { path }: Place): JsonValue {
  if (name === 'any') return value
  if (name === 'number' && typeof value === 'bigint') return Number(value)
  const actual = value === null ? 'null' : typeof value
  return actual === EXPECTED[name] ? value : refuseType(path, EXPECTED[name])
}

function checkInteger(
  { name: type }: IntegerType,
  value: JsonValue,
  { path, name }: Place,
): bigint | number {
  const { least, most } = integerRange(type)
  const isSigned = least < 0n
  if (typeof value !== 'bigint') {
    if (isSigned) return refuseType(path, 'integer')
    return refuseCommand(`Parameter '${path}' expects uint64`)
  }
  // QEMU takes a negative number for a large one here, for clients that count in 64 bits with a sign.
  const given = most === 2n ** 64n - 1n ? BigInt.asUintN(64, value) : value
  if (given < least || given > most) {
    if (type === 'int') return refuseType(path, 'integer')
    return refuseCommand(`Parameter '${name}' expects ${type}_t`)
  }
  return most > 2n ** 32n ? given : Number(given)
}

function checkEnum({ values }: EnumType, value: JsonValue, { path, name }: Place): string {
  if (typeof value !== 'string') return refuseType(path, 'string')
  if (values.includes(value)) return value
  return refuseCommand(`Parameter '${name}' does not accept value '${value}'`)
}

function checkList({ item }: ListType, value: JsonValue, { path }: Place): readonly unknown[] {
  if (!isJsonList(value)) return refuseType(path, 'array')
  return value.map((one, index) => check(item, one, { path: `${path}[${index}]`, name: 'null' }))
}

function checkAlternate(type: AlternateType, value: JsonValue, place: Place): unknown {
  const found = type.types.find((one) => isOfKind(one, value))
  return found ? check(found, value, place) : refuseType(place.name, type.name)
}

/** An alternate is told apart by the JSON type alone. */
function isOfKind(type: QapiType, value: JsonValue): boolean {
  if (type.kind === 'struct') return isJsonObject(value)
  if (type.kind === 'list') return isJsonList(value)
  if (type.kind === 'integer') return typeof value === 'bigint'
  if (type.kind === 'enum') return typeof value === 'string'
  if (type.kind !== 'plain') return false
  if (type.name === 'null') return value === null
  return type.name !== 'any' && typeof value === EXPECTED[type.name]
}

/** In the order of the schema, as QEMU does, so that the same mistake is told first. */
function checkStruct(type: StructType, value: JsonObject, path: string): object {
  const known = new Set<string>()
  const result = readMembers(type, value, path, known)
  const unexpected = Object.keys(value).find((name) => !known.has(name))
  if (unexpected !== undefined) {
    refuseCommand(`Parameter '${join(path, unexpected)}' is unexpected`)
  }
  return result
}

function readMembers(
  { members, variants }: StructType,
  value: JsonObject,
  path: string,
  known: Set<string>,
): object {
  const result: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(members)) {
    known.add(name)
    const read = readMember(member, memberOf(value, name), { path: join(path, name), name })
    if (read !== undefined) result[name] = read
  }
  const tag = variants && result[variants.tag]
  const branch =
    typeof tag === 'string' && Object.hasOwn(variants?.branches ?? {}, tag)
      ? variants?.branches[tag]
      : undefined
  return branch ? { ...result, ...readMembers(branch, value, path, known) } : result
}

function readMember(
  member: QapiType | OptionalMember,
  value: JsonValue | undefined,
  place: Place,
): unknown {
  if (member.kind === 'optional') {
    return value === undefined ? undefined : check(member.type, value, place)
  }
  if (value === undefined) return refuseCommand(`Parameter '${place.path}' is missing`)
  return check(member, value, place)
}

function refuseType(path: string, expected: string): never {
  return refuseCommand(`Invalid parameter type for '${path}', expected: ${expected}`)
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}
