/** What a line of a command can go on with, as the monitor's schema has it. */
import type { SchemaIndex } from './schema-index.ts'

/** @returns the possible words, and what of the line they stand for, as node:readline wants it. */
export function completeLine(line: string, schema: SchemaIndex | undefined): [string[], string] {
  if (!schema) return [[], line]
  const words = line.trimStart().split(/\s+/)
  const last = words.at(-1) ?? ''
  const [command = ''] = words
  const candidates =
    words.length <= 1
      ? schema.commands.map((name) => `${name} `)
      : argumentsFor(command, last, schema)
  return [candidates.filter((candidate) => candidate.startsWith(last)), last]
}

function argumentsFor(command: string, word: string, schema: SchemaIndex): readonly string[] {
  const type = schema.argumentsOf(command)
  if (type === undefined) return []
  const path = word.split('=', 1)[0]?.split('.') ?? []
  const name = path.pop() ?? ''
  const owner = path.reduce<string | undefined>((owning, key) => {
    const member = owning === undefined ? undefined : schema.typeOf(owning, key, {})
    return member?.kind === 'object' ? member.type : undefined
  }, type)
  if (owner === undefined) return []
  const prefix = path.map((key) => `${key}.`).join('')
  if (word.includes('=')) {
    return schema.valuesOf(owner, name).map((value) => `${prefix}${name}=${value} `)
  }
  return schema.memberNames(owner).map((member) => `${prefix}${member}=`)
}
