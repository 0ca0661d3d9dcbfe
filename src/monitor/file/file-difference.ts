/** What differs between two endpoint files, by meaning: comments and the order of lines do not count. */
import type { ObjectDefinition } from '../../options/object-definition.ts'
import type { EndpointFile, ReadEntry } from './endpoint-file.ts'

export type FileDifference = {
  readonly objects: {
    readonly added: readonly ObjectDefinition[]
    readonly changed: readonly ObjectDefinition[]
    readonly removed: readonly ObjectDefinition[]
  }
  /** Of the old file, in the order in which they are stopped. */
  readonly stopped: readonly ReadEntry[]
  /** Of the new file, in the order in which they are started. */
  readonly started: readonly ReadEntry[]
}

export function compareFiles(before: EndpointFile, after: EndpointFile): FileDifference {
  const oldObjects = new Map(before.objects.map((one) => [one.id, one]))
  const newIds = new Set(after.objects.map(({ id }) => id))
  const anew = namesAnew(before, after)
  const kept = new Set(after.entries.map(({ name }) => name).filter((name) => !anew.has(name)))
  return {
    objects: {
      added: after.objects.filter(({ id }) => !oldObjects.has(id)),
      changed: after.objects.filter((one) => {
        const old = oldObjects.get(one.id)
        return old !== undefined && !isSame(old, one)
      }),
      removed: before.objects.filter(({ id }) => !newIds.has(id)),
    },
    stopped: before.entries.filter(({ name }) => !kept.has(name)).reverse(),
    started: after.entries.filter(({ name }) => anew.has(name)),
  }
}

/**
 * The names of entries that have to be started: they are new, have changed, stand on one that is started, or are to
 * be the other side of TLS.
 */
function namesAnew(before: EndpointFile, after: EndpointFile): ReadonlySet<string> {
  const old = new Map(before.entries.map((entry) => [entry.name, entry]))
  const anew = new Set<string>()
  const turned = turnedObjects(before, after)
  // What an entry needs stands before it.
  for (const { name, definition, needs } of after.entries) {
    const found = old.get(name)
    const hasChanged = found === undefined || !isSame(found.definition, definition)
    const isTurned = turned.has(definition.properties['tls-creds'])
    if (hasChanged || isTurned || needs.some((needed) => anew.has(needed))) anew.add(name)
  }
  return anew
}

/** Credentials that are for the other side of TLS now: which side an entry is, it asks when it starts. */
function turnedObjects(before: EndpointFile, after: EndpointFile): ReadonlySet<unknown> {
  const sides = new Map(before.objects.map(({ id, properties }) => [id, properties.endpoint]))
  const isTurned = ({ id, properties }: ObjectDefinition) =>
    sides.has(id) && sides.get(id) !== properties.endpoint
  return new Set(after.objects.filter(isTurned).map(({ id }) => id))
}

function isSame(one: ObjectDefinition, other: ObjectDefinition): boolean {
  return one.type === other.type && canonical(one.properties) === canonical(other.properties)
}

/** Equal for equal values, whatever order their keys are in. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
