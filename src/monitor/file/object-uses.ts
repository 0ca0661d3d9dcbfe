/** The objects of a file, made and held against what its entries use them as; nothing is started for that. */
import { collectDiagnostics } from '../../diagnostics/collect-diagnostics.ts'
import { type Diagnostic, DiagnosticError } from '../../diagnostics/diagnostic.ts'
import type { Span } from '../../diagnostics/source.ts'
import type { ObjectDefinition } from '../../options/object-definition.ts'
import { TlsObjects } from '../../tls/objects/tls-objects.ts'
import type { TlsObjectsContext } from '../../tls/objects/tls-objects-options.ts'
import type { EndpointFile, ReadEntry } from './endpoint-file.ts'
import { refuseFile } from './file-diagnostics.ts'

/** @throws DiagnosticError with every refusal of an object, or every wrong use of one, each at its line. */
export function makeObjects(file: EndpointFile, context: TlsObjectsContext): TlsObjects {
  const objects = atPlaces(file, () => TlsObjects.create(file.objects, context))
  checkUses(file, objects)
  return objects
}

/** Runs what makes the objects of a file. @throws DiagnosticError with every refusal of an object, at its line. */
export function atPlaces<Made>({ objects }: EndpointFile, make: () => Made): Made {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    return refuseFile(withObjectPlaces(error.diagnostics, objects))
  }
}

/** What was found in the files of an object is told at the line that names them. */
export function withObjectPlaces(
  diagnostics: readonly Diagnostic[],
  objects: readonly ObjectDefinition[],
): readonly Diagnostic[] {
  return diagnostics.map((one) => {
    const span = one.span ?? placeOf(one, objects)
    return span ? { ...one, span } : one
  })
}

/** Properties by which an object names what it is made of. */
const ORIGINS = ['dir', 'filename', 'file']

/** What was found in the files of an object names that object alone. */
function placeOf({ message }: Diagnostic, objects: readonly ObjectDefinition[]): Span | undefined {
  const places = objects.find(({ type, id }) => message.startsWith(`${type} ${id}: `))?.places
  const name = ORIGINS.find((origin) => places?.has(origin)) ?? ''
  return places?.get(name)
}

function checkUses({ entries }: EndpointFile, objects: TlsObjects): void {
  const diagnostics: Diagnostic[] = []
  for (const entry of entries) {
    for (const [property, use] of Object.entries(USES)) {
      const id = entry.definition.properties[property]
      if (typeof id !== 'string') continue
      const span = entry.definition.places?.get(property)
      const tell = (one: Diagnostic) => diagnostics.push(span ? { ...one, span } : one)
      collectDiagnostics(tell, () => use(id, entry, objects))
    }
  }
  // What an object cannot be used as at all is told above, and once.
  if (diagnostics.length === 0) {
    for (const { definition, tryObjects } of entries) {
      const span = definition.places?.get('tls-creds') ?? definition.places?.get('id')
      const tell = (one: Diagnostic) => diagnostics.push(one.span || !span ? one : { ...one, span })
      collectDiagnostics(tell, () => tryObjects?.(objects))
    }
  }
  if (diagnostics.length > 0) refuseFile(diagnostics)
}

const USES: Readonly<Record<string, (id: string, entry: ReadEntry, objects: TlsObjects) => void>> =
  {
    'tls-creds': (id, { section }, objects) => {
      if (section.tlsRole) objects.credentials(id, section.tlsRole)
      else objects.endpointOf(id)
    },
    'tls-authz': (id, _, objects) => {
      objects.authorization(id)
    },
    'writer-authz': (id, _, objects) => {
      objects.authorization(id)
    },
  }
