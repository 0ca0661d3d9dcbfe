/** An object with its newest load; what holds on to the object never holds on to a load. */
import type { TlsRole } from '../../algorithms/tls-role.ts'
import { type Diagnostic, DiagnosticError, fail } from '../../diagnostics/diagnostic.ts'
import type { ObjectDefinition } from '../../options/object-definition.ts'
import { PropertyReader } from '../../options/property-reader.ts'
import type { RuleList } from '../authorization/authorization.ts'
import { OBJECT_KINDS } from '../object-diagnostics.ts'
import { findObjectType } from './types/all-types.ts'
import type { LoadedObject, ObjectType, Surroundings } from './types/object-type.ts'

export class LiveObject {
  #definition: ObjectDefinition
  readonly #type: ObjectType
  #reader: PropertyReader
  #newest: LoadedObject | undefined
  #state: 'outdated' | 'loading' | 'loaded' = 'outdated'
  #isTrusted = true
  #holders = 0
  /** The ids of the secrets that the last load asked for. */
  readonly needs = new Set<string>()

  /** @throws DiagnosticError where the type is unknown or does not have a property. */
  constructor(definition: ObjectDefinition) {
    this.#definition = definition
    this.#type = findObjectType(definition)
    this.#reader = PropertyReader.of(definition, this.#type.properties)
  }

  get definition(): ObjectDefinition {
    return this.#definition
  }

  get kind(): LoadedObject['kind'] {
    return this.#type.kind
  }

  get loaded(): LoadedObject | undefined {
    return this.#newest
  }

  /** How many users it has. */
  get holders(): number {
    return this.#holders
  }

  /** Counts one user more; what is given back takes it off again, once. */
  hold(): () => void {
    this.#holders++
    let isHeld = true
    return () => {
      if (isHeld) this.#holders--
      isHeld = false
    }
  }

  get wasDistrusted(): boolean {
    return !this.#isTrusted
  }

  /**
   * Takes other properties and loads itself with them. The endpoints that use it go on with them.
   *
   * @param load Loads it, as everywhere else.
   * @throws DiagnosticError where they are refused; then nothing has changed.
   */
  redefine(definition: ObjectDefinition, load: () => void): void {
    const before = {
      definition: this.#definition,
      reader: this.#reader,
      newest: this.#newest,
      needs: [...this.needs],
    }
    this.#reader = PropertyReader.of(definition, this.#type.properties)
    this.#definition = definition
    this.beginReload()
    try {
      load()
      this.#refuseOtherSide(before.newest)
    } catch (error) {
      this.#newest = before.newest
      this.#definition = before.definition
      this.#reader = before.reader
      this.needs.clear()
      for (const id of before.needs) this.needs.add(id)
      throw error
    }
  }

  /** Endpoints are made for a side: credentials in use that change sides would only refuse every peer. */
  #refuseOtherSide(before: LoadedObject | undefined): void {
    const isSame = endpointOf(before) === endpointOf(this.#newest)
    if (isSame || this.#holders === 0) return
    const { id } = this.definition
    fail(OBJECT_KINDS.inUse, { id, needing: [], holders: this.#holders, changed: 'endpoint' })
  }

  /** The next load reads everything again. */
  beginReload(): void {
    this.#state = 'outdated'
  }

  /** Loads it, once. One reference is replaced, so nothing ever sees half of a load. */
  load(surroundings: Omit<Surroundings, 'id' | 'previous'>): void {
    const { id } = this.definition
    if (this.#state === 'loaded') return
    if (this.#state === 'loading') {
      fail(OBJECT_KINDS.secretUnusable, { id, reason: 'it is encrypted with itself' })
    }
    this.#state = 'loading'
    this.needs.clear()
    try {
      const loaded = this.#type.load(this.#reader, { ...surroundings, id, previous: this.#newest })
      const { warnings = [] } = loaded
      this.#newest = { ...loaded, warnings: warnings.map(this.#name) }
      this.#state = 'loaded'
    } catch (error) {
      this.#state = 'outdated'
      if (!(error instanceof DiagnosticError)) throw error
      throw new DiagnosticError(error.diagnostics.map(this.#name))
    }
  }

  /** @throws Error where it never was loaded, which `TlsObjects.create` does not let happen. */
  require<Kind extends LoadedObject['kind']>(kind: Kind): LoadedObject & { readonly kind: Kind } {
    if (this.#newest?.kind !== kind) throw new Error(`${this.definition.id} is no ${kind}`)
    return this.#newest as LoadedObject & { readonly kind: Kind }
  }

  /** The rules in force: those of an authorization that could not be loaded let no client in. */
  ruleList(): RuleList {
    const { list } = this.require('authorization')
    if (this.#isTrusted) return list
    const fallbackReason = 'since its file could not be loaded, so every client is denied'
    return { name: list.name, rules: [], fallback: 'deny', fallbackReason }
  }

  distrust(): void {
    this.#isTrusted = false
  }

  trust(): void {
    this.#isTrusted = true
  }

  /** The files whose change matters. */
  watchedPaths(): readonly string[] {
    const isWatched = this.#type.isWatched?.(this.#reader) ?? true
    return isWatched ? (this.#newest?.paths ?? []) : []
  }

  /** Says which object it is about where the place does not. */
  #name = (diagnostic: Diagnostic): Diagnostic =>
    diagnostic.span
      ? diagnostic
      : { ...diagnostic, message: `${this.#reader.what}: ${diagnostic.message}` }
}

function endpointOf(loaded: LoadedObject | undefined): TlsRole | undefined {
  return loaded?.kind === 'credentials' ? loaded.generation.endpoint : undefined
}
