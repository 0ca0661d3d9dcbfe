/** Whether two entries of a file take the same of the host, however they write it. Nothing is started for that. */
import { type Diagnostic, DiagnosticError, diagnose } from '../../diagnostics/diagnostic.ts'
import { canonicalPath } from '../../files/canonical-path.ts'
import { type BoundPlace, boundPlaceOf, isSamePlace } from '../../net/bound-place.ts'
import type { HostPlace, TakenPlace } from '../sections/taken-place.ts'
import type { EndpointFile, ReadEntry } from './endpoint-file.ts'
import { FILE_DIAGNOSTIC_KINDS } from './file-diagnostics.ts'

type Holding = {
  readonly kind: HostPlace['kind']
  readonly place: BoundPlace
  /** The entry. */
  readonly holder: string
}

/**
 * Entries take their places in the order in which they are started.
 *
 * @throws DiagnosticError ENDPOINT_FILE_REPEATED, with every entry whose place another one has.
 */
export async function refuseSamePlaces({ entries }: EndpointFile): Promise<void> {
  const held: Holding[] = []
  const diagnostics: Diagnostic[] = []
  for (const entry of entries) {
    for (const taken of entry.takes ?? []) {
      const holder = await takeFirstFree(taken, entry.name, held)
      if (holder !== undefined) diagnostics.push(repeatedPlace(entry, taken, holder))
    }
  }
  if (diagnostics.length > 0) throw new DiagnosticError(diagnostics)
}

/** @returns what has the last candidate, where none is free. */
async function takeFirstFree(
  { candidates }: TakenPlace,
  entry: string,
  held: Holding[],
): Promise<string | undefined> {
  let holder: string | undefined
  for (const candidate of candidates) {
    const { kind } = candidate
    const place = await placeOf(candidate)
    if (place === undefined) return undefined
    holder = held.find((one) => one.kind === kind && isSamePlace(one.place, place))?.holder
    if (holder !== undefined) continue
    held.push({ kind, place, holder: entry })
    return undefined
  }
  return holder
}

async function placeOf(place: HostPlace): Promise<BoundPlace | undefined> {
  switch (place.kind) {
    case 'socket':
      return boundPlaceOf(place.options)
    case 'file':
      return canonicalPath(place.path)
    case 'export':
      return place.name
  }
}

function repeatedPlace({ definition }: ReadEntry, { property }: TakenPlace, holder: string) {
  const { properties, places } = definition
  const value = properties[property] ?? definition.id
  const what = `${property}: ${String(value)}`
  const span = places?.get(property) ?? places?.get('id')
  return diagnose(FILE_DIAGNOSTIC_KINDS.repeated, { what, holder }, span)
}
