/** The objects of a host, and their properties as of now: to be read, and changed while endpoints use them. */
import { type Diagnostic, fail } from '../../diagnostics/diagnostic.ts'
import type { ObjectDefinition, PropertyValue } from '../../options/object-definition.ts'
import type { ReloadReport } from '../../tls/objects/reload-report.ts'
import { TlsObjects } from '../../tls/objects/tls-objects.ts'
import type { TlsObjectsContext } from '../../tls/objects/tls-objects-options.ts'
import { HOST_KINDS } from './host-diagnostics.ts'
import { type ObjectProperty, propertiesOf } from './object-properties.ts'

export class HostObjects {
  readonly tls: TlsObjects
  readonly #onReload: (report: ReloadReport) => void

  /** @throws DiagnosticError with every refusal of every object. */
  constructor(
    definitions: readonly ObjectDefinition[],
    context: TlsObjectsContext,
    onReload: (report: ReloadReport) => void = () => {},
  ) {
    this.#onReload = onReload
    this.tls = TlsObjects.create(definitions, context)
  }

  get definitions(): readonly ObjectDefinition[] {
    return this.tls.definitions
  }

  find(id: string): ObjectDefinition | undefined {
    return this.definitions.find((definition) => definition.id === id)
  }

  /** @throws DiagnosticError OBJECT_... */
  add(definition: ObjectDefinition): readonly Diagnostic[] {
    return this.tls.add(definition)
  }

  /**
   * Removes an object, as QEMU does: what uses it goes on with its last load.
   *
   * @throws DiagnosticError OBJECT_ABSENT
   */
  remove(id: string): void {
    this.tls.remove(id, 'hard')
  }

  /** @throws DiagnosticError MONITOR_PROPERTY_NOT_FOUND, MONITOR_PROPERTY_NOT_READABLE */
  readProperty({ type, properties }: ObjectDefinition, name: string): PropertyValue {
    const property = requireProperty(type, name)
    if (property.isSecret) fail(HOST_KINDS.propertySecret, { type, name })
    return Object.hasOwn(properties, name) ? (properties[name] as PropertyValue) : property.fallback
  }

  /**
   * Changes a property. The endpoints that use the object have it from the next connection on.
   *
   * @throws DiagnosticError MONITOR_PROPERTY_...; OBJECT_... where the object could not be with it, and then
   *   nothing has changed.
   */
  writeProperty(definition: ObjectDefinition, name: string, value: PropertyValue): void {
    const { type, properties } = definition
    const property = requireProperty(type, name)
    if (property.isFixed) fail(HOST_KINDS.propertyFixed, { type, name })
    const { [name]: _, ...others } = properties
    // QEMU tells an absent text as an empty one, and takes it so.
    const changed = value === '' && property.fallback === '' ? others : { ...others, [name]: value }
    this.tls.redefine({ type, id: definition.id, properties: changed })
  }

  /** Loads every object anew. What is refused keeps its last load, but for authorizations, which then deny. */
  reload(): ReloadReport {
    const report = this.tls.reload()
    this.#onReload(report)
    return report
  }

  close(): void {
    this.tls.close()
  }
}

function requireProperty(type: string, name: string): ObjectProperty {
  const known = propertiesOf(type)
  return (
    known.get(name) ?? fail(HOST_KINDS.propertyAbsent, { type, name, known: [...known.keys()] })
  )
}
