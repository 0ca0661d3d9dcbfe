/** An endpoint file: the objects and the endpoints of one host, in YAML or JSON. */
import { collectDiagnostics } from '../../diagnostics/collect-diagnostics.ts'
import { type Diagnostic, DiagnosticError, diagnose, fail } from '../../diagnostics/diagnostic.ts'
import type { Source, Span } from '../../diagnostics/source.ts'
import { requireTlsFor } from '../../endpoint/security.ts'
import { defineObject, type ObjectDefinition } from '../../options/object-definition.ts'
import { parseMapping } from '../../options/object-document.ts'
import { PropertyReader } from '../../options/property-reader.ts'
import { FILE_SECTIONS } from '../sections/all-sections.ts'
import {
  type EntryPlan,
  type FileEntry,
  type FileSection,
  nameOfEntry,
} from '../sections/section.ts'
import { Document, markSecret } from './document.ts'
import { FILE_DIAGNOSTIC_KINDS, refuseFile } from './file-diagnostics.ts'

export type ReadEntry = FileEntry &
  EntryPlan & {
    readonly name: string
    /** The names of entries that are started before it. */
    readonly needs: readonly string[]
  }

export type EndpointFile = {
  /** As `query-name` tells it. */
  readonly name?: string
  /** Where guests are stored that a client of the monitor lets in, and taken from when it sends them on. */
  readonly guest?: string
  readonly objects: readonly ObjectDefinition[]
  /** In the order in which they are started. */
  readonly entries: readonly ReadEntry[]
}

/**
 * Reads a file without touching the host.
 *
 * @throws DiagnosticError with every mistake, each at its line.
 */
export function readEndpointFile(source: Source): EndpointFile {
  const { file, diagnostics } = readEndpointParts(source)
  if (diagnostics.length > 0) refuseFile(diagnostics)
  return file
}

/** What could be read of a file, and every mistake in the rest. */
export type EndpointParts = {
  readonly file: EndpointFile
  readonly diagnostics: readonly Diagnostic[]
  /** None of the objects is in the rest. */
  readonly hasAllObjects: boolean
}

/** @throws DiagnosticError where it is no mapping. */
export function readEndpointParts(source: Source): EndpointParts {
  const mapping = parseMapping(markSecret(source))
  const document = new Document(source, mapping)
  const diagnostics: Diagnostic[] = []
  const collect = <Value>(step: () => Value): Value | undefined =>
    collectDiagnostics((one) => diagnostics.push(one), step)
  for (const key of Object.keys(mapping.properties)) collect(() => document.refuseUnknown(key))
  const name = collect(() => document.text('name'))
  const guest = collect(() => document.text('guest'))
  const written = collect(() => document.objects()) ?? []
  const objects = written.flatMap((one) => collect(() => defineObject(one)) ?? [])
  const hasAllObjects = objects.length === written.length
  const entries = FILE_SECTIONS.flatMap((section) =>
    (collect(() => document.entries(section)) ?? []).flatMap(
      (definition) => collect(() => readEntry(section, definition)) ?? [],
    ),
  )
  for (const step of checksOf(objects, entries, document)) collect(step)
  const file = {
    ...(name === undefined ? {} : { name }),
    ...(guest === undefined ? {} : { guest }),
    ...{ objects, entries },
  }
  return { file, diagnostics, hasAllObjects }
}

function readEntry(section: FileSection, definition: ObjectDefinition): ReadEntry {
  const reader = PropertyReader.of(definition, Object.keys(section.properties))
  const plan = section.read(reader, definition)
  requireTls(definition)
  const entry = { section, definition }
  const needs = section.needs?.(definition) ?? []
  return { ...entry, name: nameOfEntry(entry), needs, ...plan }
}

/** When it starts it is too late: a file that is refused changes nothing. */
function requireTls({ properties, places }: ObjectDefinition): void {
  const { 'tls-creds': credentials, 'tls-authz': authorization } = properties
  if (typeof authorization !== 'string' || credentials !== undefined) return
  requireTlsFor({ authorization }, places?.get('tls-authz'))
}

/** What one entry alone does not tell. */
function checksOf(
  objects: readonly ObjectDefinition[],
  entries: readonly ReadEntry[],
  document: Document,
): readonly (() => void)[] {
  const seen = new Set<string>()
  const refuseTwice = (what: string, place: Span | undefined) => {
    if (seen.has(what)) fail(FILE_DIAGNOSTIC_KINDS.repeated, { what }, place)
    seen.add(what)
  }
  return [
    ...objects.map((one) => () => refuseTwice(`object ${one.id}`, one.places?.get('id'))),
    ...entries.flatMap((entry) => {
      const { places } = entry.definition
      return [
        // Those before it are seen by now, and it is not.
        () => requireNeeds(entry, seen, document),
        () => refuseTwice(entry.name, places?.get('id')),
        () => requireObjects(entry, objects),
      ]
    }),
    () => {
      if (!document.hasEntries) fail(FILE_DIAGNOSTIC_KINDS.nothing, { file: document.name })
    },
  ]
}

/** What an entry needs stands before it. One that is there and was refused is told of already. */
function requireNeeds(
  { name, definition, needs }: ReadEntry,
  earlier: ReadonlySet<string>,
  document: Document,
): void {
  for (const needed of needs) {
    if (earlier.has(needed) || document.has(needed)) continue
    fail(FILE_DIAGNOSTIC_KINDS.unmet, { entry: name, needed }, definition.places?.get(''))
  }
}

/** Properties that name an object. */
const REFERENCES = ['tls-creds', 'tls-authz', 'writer-authz'] as const

function requireObjects({ definition }: ReadEntry, objects: readonly ObjectDefinition[]): void {
  const known = objects.map(({ id }) => id)
  const unknown = REFERENCES.flatMap((property) => {
    const id = definition.properties[property]
    if (typeof id !== 'string' || known.includes(id)) return []
    const place = definition.places?.get(property)
    return diagnose(FILE_DIAGNOSTIC_KINDS.unknownObject, { property, id, known }, place)
  })
  if (unknown.length > 0) throw new DiagnosticError(unknown)
}
