/** What a monitor says of its commands (`query-qmp-schema`), to be asked by names. */
import {
  isJsonList,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  memberOf,
} from '../protocol/json-value.ts'

export type MemberType =
  | { readonly kind: 'text' | 'integer' | 'number' | 'boolean' | 'null' | 'any' }
  | { readonly kind: 'list'; readonly item: string }
  | { readonly kind: 'object'; readonly type: string }
  | { readonly kind: 'choice'; readonly types: readonly MemberType[] }

/** A chain of names that is longer goes in a circle. */
const DEPTH_LIMIT = 16

export class SchemaIndex {
  readonly #entries: ReadonlyMap<string, JsonObject>

  /** @param schema As the monitor tells it; what is not understood in it is left out. */
  constructor(schema: JsonValue) {
    const list = isJsonList(schema) ? schema.filter(isJsonObject) : []
    this.#entries = new Map(list.map((entry) => [keyOf(entry), entry]))
  }

  get commands(): readonly string[] {
    return [...this.#entries.keys()]
      .filter((key) => key.startsWith('command '))
      .map((key) => key.slice('command '.length))
      .sort()
  }

  /** The type of a command's arguments. */
  argumentsOf(command: string): string | undefined {
    const entry = this.#entries.get(`command ${command}`)
    return entry && textOf(entry, 'arg-type')
  }

  /** The first key that the type does not have, or an object within it, and those that are there. */
  findUnknownKey(
    type: string | undefined,
    given: JsonObject,
  ): { readonly key: string; readonly known: readonly string[] } | undefined {
    if (type === undefined) return undefined
    const known = this.memberNames(type)
    for (const [key, value] of Object.entries(given)) {
      if (!known.includes(key)) return { key, known }
      const member = this.typeOf(type, key, given)
      if (member?.kind !== 'object' || !isJsonObject(value)) continue
      const within = this.findUnknownKey(member.type, value)
      if (within) return within
    }
    return undefined
  }

  /** The names of the members of an object, those of all its variants too. */
  memberNames(type: string): readonly string[] {
    return [
      ...new Set(this.#membersOf(type, undefined).map((member) => textOf(member, 'name'))),
    ].filter((name) => name !== undefined)
  }

  /**
   * The type of a member.
   *
   * @param given The members that have values already: one of them may choose the variant.
   */
  typeOf(type: string, name: string, given: JsonObject): MemberType | undefined {
    const member = this.#membersOf(type, given).find((one) => textOf(one, 'name') === name)
    const found = member && textOf(member, 'type')
    return found === undefined ? undefined : this.#describe(found, 0)
  }

  /** The values of an enum; empty for another type. */
  valuesOf(type: string, name: string): readonly string[] {
    const member = this.#membersOf(type, undefined).find((one) => textOf(one, 'name') === name)
    const entry = this.#entries.get(`type ${member && textOf(member, 'type')}`)
    const values = entry && memberOf(entry, 'values')
    return isJsonList(values) ? values.filter((value) => typeof value === 'string') : []
  }

  #membersOf(type: string, given: JsonObject | undefined): readonly JsonObject[] {
    const entry = this.#entries.get(`type ${type}`)
    if (!entry) return []
    const own = objectsIn(entry, 'members')
    const tag = textOf(entry, 'tag')
    const chosen = given && tag !== undefined ? memberOf(given, tag) : undefined
    const variants = objectsIn(entry, 'variants').filter(
      (variant) => given === undefined || textOf(variant, 'case') === chosen,
    )
    const others = variants.flatMap((variant) => {
      const branch = this.#entries.get(`type ${textOf(variant, 'type')}`)
      return branch ? objectsIn(branch, 'members') : []
    })
    return [...own, ...others]
  }

  #describe(type: string, depth: number): MemberType {
    const entry = this.#entries.get(`type ${type}`)
    if (!entry || depth > DEPTH_LIMIT) return { kind: 'any' }
    switch (textOf(entry, 'meta-type')) {
      case 'builtin':
        return { kind: BUILTINS[textOf(entry, 'json-type') ?? ''] ?? 'any' }
      case 'enum':
        return { kind: 'text' }
      case 'array':
        return { kind: 'list', item: textOf(entry, 'element-type') ?? '' }
      case 'alternate': {
        const types = objectsIn(entry, 'members').map((one) =>
          this.#describe(textOf(one, 'type') ?? '', depth + 1),
        )
        return { kind: 'choice', types }
      }
      default:
        return { kind: 'object', type }
    }
  }

  /** The type of the items of a list. */
  itemType(item: string): MemberType {
    return this.#describe(item, 0)
  }
}

const BUILTINS: Readonly<
  Record<string, 'text' | 'integer' | 'number' | 'boolean' | 'null' | 'any'>
> = {
  string: 'text',
  int: 'integer',
  number: 'number',
  boolean: 'boolean',
  null: 'null',
  value: 'any',
}

/** Commands and events may have the names of types. */
function keyOf(entry: JsonObject): string {
  const kind = textOf(entry, 'meta-type')
  const space = kind === 'command' || kind === 'event' ? kind : 'type'
  return `${space} ${textOf(entry, 'name')}`
}

function textOf(object: JsonObject, name: string): string | undefined {
  const value = memberOf(object, name)
  return typeof value === 'string' ? value : undefined
}

function objectsIn(object: JsonObject, name: string): readonly JsonObject[] {
  const value = memberOf(object, name)
  return isJsonList(value) ? value.filter(isJsonObject) : []
}
