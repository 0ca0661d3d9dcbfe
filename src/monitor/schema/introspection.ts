/** What `query-qmp-schema` tells: the types of all commands and events, each once, under names that mean nothing. */
import type { JsonObject } from '../protocol/json-value.ts'
import type { IntegerType, Members, PlainType, QapiType, StructType } from './qapi-types.ts'

export type DescribedCommand = {
  readonly name: string
  readonly arguments: StructType
  readonly returns: QapiType
  readonly isOutOfBand?: boolean
}

export type DescribedEvent = { readonly name: string; readonly data: StructType }

export function describeSchema(
  commands: readonly DescribedCommand[],
  events: readonly DescribedEvent[],
): readonly JsonObject[] {
  const schema = new SchemaWriter()
  for (const command of commands) schema.addCommand(command)
  for (const event of events) schema.addEvent(event)
  return schema.entries
}

class SchemaWriter {
  readonly entries: JsonObject[] = []
  readonly #names = new Map<QapiType, string>()
  readonly #builtins = new Set<string>()

  addCommand(command: DescribedCommand): void {
    this.entries.push({
      name: command.name,
      'ret-type': this.#refer(command.returns),
      'meta-type': 'command',
      'arg-type': this.#refer(command.arguments),
      ...(command.isOutOfBand ? { 'allow-oob': true } : {}),
    })
  }

  addEvent({ name, data }: DescribedEvent): void {
    this.entries.push({ name, 'meta-type': 'event', 'arg-type': this.#refer(data) })
  }

  /** The name of a type, which is described once. */
  #refer(type: QapiType): string {
    if (type.kind === 'plain' || type.kind === 'integer') return this.#referBuiltin(type)
    const known = this.#names.get(type)
    if (known !== undefined) return known
    const name = type.kind === 'list' ? `[${this.#refer(type.item)}]` : `${this.#names.size}`
    this.#names.set(type, name)
    const description = this.#describe(type)
    if (!this.entries.some((entry) => entry.name === name && entry['meta-type'] !== 'command')) {
      this.entries.push({ name, ...description })
    }
    return name
  }

  #referBuiltin({ kind, name }: PlainType | IntegerType): string {
    const known = kind === 'integer' ? 'int' : name
    if (!this.#builtins.has(known)) {
      this.#builtins.add(known)
      this.entries.push({
        name: known,
        'meta-type': 'builtin',
        'json-type': JSON_TYPES[known] ?? known,
      })
    }
    return known
  }

  #describe(type: Exclude<QapiType, PlainType | IntegerType>): JsonObject {
    switch (type.kind) {
      case 'enum':
        return {
          'meta-type': 'enum',
          members: type.values.map((name) => ({ name })),
          values: type.values,
        }
      case 'list':
        return { 'meta-type': 'array', 'element-type': this.#refer(type.item) }
      case 'alternate':
        return {
          'meta-type': 'alternate',
          members: type.types.map((one) => ({ type: this.#refer(one) })),
        }
      case 'struct':
        return { 'meta-type': 'object', ...this.#describeStruct(type) }
    }
  }

  #describeStruct({ members, variants }: StructType): JsonObject {
    const described = { members: this.#describeMembers(members) }
    if (!variants) return described
    const { tag, branches } = variants
    const cases = tagValues(members[tag]).map((value) => ({
      case: value,
      type: this.#refer(branches[value] ?? EMPTY),
    }))
    return { ...described, tag, variants: cases }
  }

  #describeMembers(members: Members): readonly JsonObject[] {
    return Object.entries(members).map(([name, member]) =>
      member.kind === 'optional'
        ? { name, default: null, type: this.#refer(member.type) }
        : { name, type: this.#refer(member) },
    )
  }
}

const EMPTY: StructType = { kind: 'struct', name: 'q_empty', members: {} }

const JSON_TYPES: Readonly<Record<string, string>> = {
  str: 'string',
  bool: 'boolean',
  any: 'value',
}

function tagValues(member: Members[string] | undefined): readonly string[] {
  const type = member?.kind === 'optional' ? member.type : member
  return type?.kind === 'enum' ? type.values : []
}
