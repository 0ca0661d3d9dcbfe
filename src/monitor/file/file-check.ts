/** Checks a file and what it names, all at once and without serving anything. */
import { type Diagnostic, DiagnosticError } from '../../diagnostics/diagnostic.ts'
import type { Source } from '../../diagnostics/source.ts'
import type { ObjectDefinition } from '../../options/object-definition.ts'
import { TlsObjects } from '../../tls/objects/tls-objects.ts'
import type { TlsObjectsContext } from '../../tls/objects/tls-objects-options.ts'
import { type EndpointFile, type EndpointParts, readEndpointParts } from './endpoint-file.ts'
import { refuseFile } from './file-diagnostics.ts'
import { atPlaces, makeObjects, withObjectPlaces } from './object-uses.ts'
import { refuseSamePlaces } from './place-conflicts.ts'

export type CheckedFile = {
  readonly file: EndpointFile
  /** Of the objects, at their lines. */
  readonly warnings: readonly Diagnostic[]
}

/**
 * A mistake in one part hides none in another.
 *
 * @throws DiagnosticError with every mistake, each at its line.
 */
export async function checkEndpointFile(
  source: Source,
  context: TlsObjectsContext,
): Promise<CheckedFile> {
  const parts = readEndpointParts(source)
  const { file } = parts
  const diagnostics = [...parts.diagnostics]
  const gather = (error: unknown) => {
    if (!(error instanceof DiagnosticError)) throw error
    diagnostics.push(...error.diagnostics)
  }
  await refuseSamePlaces(file).catch(gather)
  let warnings: readonly Diagnostic[] = []
  try {
    warnings = withObjectPlaces(makeAll(parts, context), file.objects)
  } catch (error) {
    gather(error)
  }
  if (diagnostics.length > 0) refuseFile(diagnostics)
  return { file, warnings }
}

/** What uses an object is held against it only where both could be read. */
function makeAll(
  { file, diagnostics, hasAllObjects }: EndpointParts,
  context: TlsObjectsContext,
): readonly Diagnostic[] {
  if (diagnostics.length === 0) return makeObjects(file, context).warnings
  // Others may be made of one that could not be read.
  if (!hasAllObjects) return []
  const objects = firstOfEachId(file.objects)
  return atPlaces(file, () => TlsObjects.create(objects, context)).warnings
}

function firstOfEachId(objects: readonly ObjectDefinition[]): readonly ObjectDefinition[] {
  return objects.filter(({ id }, at) => objects.findIndex((one) => one.id === id) === at)
}
