/** Whether the objects of a file are what its entries use them as; nothing is started for that. */
import { collectDiagnostics } from '../../diagnostics/collect-diagnostics.ts'
import { type Diagnostic, DiagnosticError } from '../../diagnostics/diagnostic.ts'
import type { TlsObjects } from '../../tls/objects/tls-objects.ts'
import type { EndpointFile, ReadEntry } from './endpoint-file.ts'

/** @throws DiagnosticError OBJECT_... with every wrong use, each at its line. */
export function checkObjectUses({ entries }: EndpointFile, objects: TlsObjects): void {
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
  if (diagnostics.length > 0) throw new DiagnosticError(diagnostics)
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
