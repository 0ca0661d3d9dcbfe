/**
 * Types of arguments and results as values, a subset of QEMU's QAPI: said once, they check what clients send,
 * and tell clients what they may send (`query-qmp-schema`).
 */
import type { JsonValue } from '../protocol/json-value.ts'

/** Integers by their names; those of 64 bits are bigint. */
const INTEGERS = {
  int8: [-(2n ** 7n), 2n ** 7n - 1n],
  uint8: [0n, 2n ** 8n - 1n],
  int16: [-(2n ** 15n), 2n ** 15n - 1n],
  uint16: [0n, 2n ** 16n - 1n],
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
  size: [0n, 2n ** 64n - 1n],
} as const satisfies Readonly<Record<string, readonly [bigint, bigint]>>

export type QapiIntegerName = keyof typeof INTEGERS

type Range = { readonly least: bigint; readonly most: bigint }

/** The values that a type of integers has. */
export function integerRange(name: QapiIntegerName): Range {
  const [least, most] = INTEGERS[name]
  return { least, most }
}

/** `value` is there for the compiler only. */
type Typed<Value> = { readonly value?: Value }

export type PlainType<Value = unknown> = Typed<Value> & {
  readonly kind: 'plain'
  readonly name: 'str' | 'bool' | 'number' | 'null' | 'any'
}
export type IntegerType<Value = unknown> = Typed<Value> & {
  readonly kind: 'integer'
  readonly name: QapiIntegerName
}
export type EnumType<Value extends string = string> = Typed<Value> & {
  readonly kind: 'enum'
  readonly name: string
  readonly values: readonly Value[]
}
export type ListType<Value = unknown> = Typed<readonly Value[]> & {
  readonly kind: 'list'
  readonly item: QapiType
}
export type AlternateType<Value = unknown> = Typed<Value> & {
  readonly kind: 'alternate'
  readonly name: string
  readonly types: readonly QapiType[]
}
export type StructType<Value = unknown> = Typed<Value> & {
  readonly kind: 'struct'
  readonly name: string
  readonly members: Members
  /** What more there is depends on a member, an enum. */
  readonly variants?: {
    readonly tag: string
    readonly branches: Readonly<Record<string, StructType>>
  }
}

export type QapiType = PlainType | IntegerType | EnumType | ListType | AlternateType | StructType

export type OptionalMember<Type extends QapiType = QapiType> = {
  readonly kind: 'optional'
  readonly type: Type
}

export type Members = Readonly<Record<string, QapiType | OptionalMember>>

/** What a checked value is in the program. */
export type ValueOf<Type> = Type extends Typed<infer Value> ? Value : never

type OptionalNames<M extends Members> = {
  [Name in keyof M]: M[Name] extends OptionalMember ? Name : never
}[keyof M]

export type MembersOf<M extends Members> = {
  readonly [Name in Exclude<keyof M, OptionalNames<M>>]: ValueOf<M[Name]>
} & {
  readonly [Name in OptionalNames<M>]?: M[Name] extends OptionalMember<infer Type>
    ? ValueOf<Type>
    : never
}

function plain<Value>(name: PlainType['name']): PlainType<Value> {
  return { kind: 'plain', name }
}

function integer<Value>(name: QapiIntegerName): IntegerType<Value> {
  return { kind: 'integer', name }
}

export const STR = plain<string>('str')
export const BOOL = plain<boolean>('bool')
export const NUMBER = plain<number>('number')
export const NULL = plain<null>('null')
export const ANY = plain<JsonValue>('any')
export const UINT8 = integer<number>('uint8')
export const UINT16 = integer<number>('uint16')
export const UINT32 = integer<number>('uint32')
export const INT = integer<bigint>('int')
export const SIZE = integer<bigint>('size')

export function optional<Type extends QapiType>(type: Type): OptionalMember<Type> {
  return { kind: 'optional', type }
}

export function enumOf<const Value extends string>(
  name: string,
  values: readonly Value[],
): EnumType<Value> {
  return { kind: 'enum', name, values }
}

export function listOf<Type extends QapiType>(item: Type): ListType<ValueOf<Type>> {
  return { kind: 'list', item }
}

/** @param name As errors call it. */
export function alternateOf<Types extends readonly QapiType[]>(
  name: string,
  types: Types,
): AlternateType<ValueOf<Types[number]>> {
  return { kind: 'alternate', name, types }
}

export function struct<const M extends Members>(
  name: string,
  members: M,
): StructType<MembersOf<M>> {
  return { kind: 'struct', name, members }
}

type Branches = Readonly<Record<string, StructType>>

/**
 * An object whose further members depend on one of them. A branch that needs no further members is left out of
 * `branches`.
 */
export function union<
  const M extends Members,
  const Tag extends keyof M & string,
  const B extends Branches,
>(name: string, members: M, tag: Tag, branches: B): StructType<UnionOf<M, Tag, B>> {
  return { kind: 'struct', name, members, variants: { tag, branches } }
}

type UnionOf<M extends Members, Tag extends keyof M, B extends Branches> = {
  [Name in keyof B]: Omit<MembersOf<M>, Tag> & { readonly [K in Tag]: Name } & ValueOf<B[Name]>
}[keyof B]

export const NO_MEMBERS = struct('q_empty', {})
