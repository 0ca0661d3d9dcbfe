/**
 * The JSON Schema of endpoint files, made from what their reader knows.
 *
 * `npm run docs:endpoint-schema` writes it to docs/endpoint-file.schema.json.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { OBJECT_PROPERTIES } from '../../src/monitor/host/object-properties.ts'
import { type QapiType, STR } from '../../src/monitor/schema/qapi-types.ts'
import { FILE_SECTIONS } from '../../src/monitor/sections/all-sections.ts'
import type { FileProperty, FileSection } from '../../src/monitor/sections/section.ts'

type Schema = Readonly<Record<string, unknown>>

export const SCHEMA_PATH = join(
  import.meta.dirname,
  '..',
  '..',
  'docs',
  'endpoint-file.schema.json',
)

const ID = { type: 'string', pattern: '^[A-Za-z][A-Za-z0-9._-]*$' }

const FLAG = {
  anyOf: [{ type: 'boolean' }, { enum: ['on', 'yes', 'true', 'y', 'off', 'no', 'false', 'n'] }],
}

const OF_KIND: Readonly<Record<FileProperty['kind'], Schema>> = {
  // A number stays as it is written.
  text: { type: ['string', 'number'] },
  flag: FLAG,
  count: {
    anyOf: [
      { type: 'integer', minimum: 0 },
      { type: 'string', pattern: '^[0-9]+$' },
    ],
  },
  size: {
    anyOf: [
      { type: 'integer', minimum: 0 },
      { type: 'string', pattern: '^[0-9]+([KMGTPEkmgtpe])?(i?[Bb])?$' },
    ],
  },
}

export function endpointFileSchema(): Schema {
  const sections = FILE_SECTIONS.map((section) => [section.key, sectionSchema(section)])
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'The endpoints of a host, for cryptopolicy endpoint run',
    type: 'object',
    additionalProperties: false,
    properties: {
      name: { type: 'string' },
      guest: { type: 'string' },
      objects: {
        type: 'array',
        items: { anyOf: Object.keys(OBJECT_PROPERTIES).map(objectSchema) },
      },
      ...Object.fromEntries(sections),
    },
    anyOf: FILE_SECTIONS.map(({ key }) => ({ properties: { [key]: true }, required: [key] })),
  }
}

function sectionSchema({ isSingle = false, summary, properties }: FileSection): Schema {
  const required = Object.entries(properties).flatMap(([name, { isRequired }]) =>
    isRequired ? name : [],
  )
  const described = Object.entries(properties).map(([name, { kind, summary: description }]) => [
    name,
    { description, ...OF_KIND[kind] },
  ])
  const entry = {
    type: 'object',
    additionalProperties: false,
    required: isSingle ? required : ['id', ...required],
    properties: { ...(isSingle ? {} : { id: ID }), ...Object.fromEntries(described) },
  }
  return isSingle
    ? { description: summary, ...entry }
    : { description: summary, type: 'array', items: entry }
}

function objectSchema(type: string): Schema {
  const properties = Object.entries(OBJECT_PROPERTIES[type] ?? {}).filter(
    ([, { isFixed }]) => !isFixed,
  )
  const required = properties.flatMap(([name, { isRequired }]) => (isRequired ? name : []))
  return {
    type: 'object',
    additionalProperties: false,
    required: ['qom-type', 'id', ...required],
    properties: {
      'qom-type': { const: type },
      id: ID,
      ...Object.fromEntries(properties.map(([name, one]) => [name, valueSchema(one.type)])),
    },
  }
}

function valueSchema(type: QapiType): Schema {
  if (type.kind === 'enum') return { enum: type.values }
  if (type.kind === 'list') return { type: 'array', items: valueSchema(type.item) }
  if (type.kind === 'struct') {
    const members = Object.entries(type.members).map(([name, member]) => [
      name,
      valueSchema(member.kind === 'optional' ? member.type : member),
    ])
    return { type: 'object', additionalProperties: false, properties: Object.fromEntries(members) }
  }
  return type === STR ? { type: 'string' } : FLAG
}

if (process.argv[1] === import.meta.filename) {
  writeFileSync(SCHEMA_PATH, `${JSON.stringify(endpointFileSchema(), undefined, 2)}\n`)
}
