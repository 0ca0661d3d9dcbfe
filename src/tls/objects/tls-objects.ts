/** The objects of a process: made together, looked up by id, loaded anew without a restart. */

import type { TlsRole } from '../../algorithms/tls-role.ts'
import { requireFunction, requireOneOf, requireString } from '../../arguments/single-values.ts'
import { type Diagnostic, DiagnosticError, diagnose, fail } from '../../diagnostics/diagnostic.ts'
import { FILE_KINDS } from '../../files/file-diagnostics.ts'
import { FileWatcher } from '../../files/file-watcher.ts'
import type { ObjectDefinition } from '../../options/object-definition.ts'
import { DEFAULT_RELEASE } from '../../priority/releases.ts'
import { NO_CONFIG, type SystemConfig } from '../../priority/system-config.ts'
import type { Authorization } from '../authorization/authorization.ts'
import { decideByRules } from '../authorization/authorization.ts'
import { LiveCredentials, type TlsCredentials } from '../credentials/credentials.ts'
import { OBJECT_KINDS } from '../object-diagnostics.ts'
import { checkRole } from '../tls-arguments.ts'
import { LiveObject } from './live-object.ts'
import {
  checkContext,
  checkDefinition,
  checkDefinitions,
  checkWatchOptions,
} from './object-arguments.ts'
import { collect, orDiagnose } from './refusals.ts'
import type { ObjectReload, ReloadReport } from './reload-report.ts'
import {
  OBJECT_REMOVE_MODES,
  type ObjectRemoveMode,
  type TlsObjectsContext,
  type WatchOptions,
} from './tls-objects-options.ts'
import type { LoadedObject } from './types/object-type.ts'
import { type ObjectValidity, validityOf } from './validity.ts'

const PATIENCE = 2_000

/**
 * How long after a refusal the files are read again, in milliseconds, although none has changed: the
 * process may have had no descriptor or no memory left when it read them.
 */
const RETRY = 5_000

/** Credentials, secrets and authorizations by their ids. */
export class TlsObjects {
  readonly #objects: Map<string, LiveObject>
  readonly #context: TlsObjectsContext
  #config: SystemConfig
  #watcher: FileWatcher | undefined
  #patience: NodeJS.Timeout | undefined
  /** What to do some time after a refusal, while the files are watched. */
  #retryLater: (() => void) | undefined

  private constructor(objects: Map<string, LiveObject>, context: TlsObjectsContext) {
    this.#objects = objects
    this.#context = context
    this.#config = context.config ?? context.readConfig?.() ?? NO_CONFIG
  }

  /**
   * Makes all objects, whatever order they are defined in.
   *
   * @throws DiagnosticError with every refusal of every object.
   */
  static create(
    definitions: readonly ObjectDefinition[],
    context: TlsObjectsContext = {},
  ): TlsObjects {
    checkDefinitions(definitions, 'definitions')
    checkContext(context, 'context')
    const objects = new Map<string, LiveObject>()
    const diagnostics: Diagnostic[] = []
    for (const definition of definitions) {
      collect(diagnostics, () => {
        refuseDuplicate(definition, objects)
        objects.set(definition.id, new LiveObject(definition))
      })
    }
    const made = new TlsObjects(objects, context)
    for (const object of objects.values()) collect(diagnostics, () => made.#load(object))
    if (diagnostics.length > 0) throw new DiagnosticError(diagnostics)
    return made
  }

  /**
   * Makes one object more, of the newest files and with the secrets that are there. It is watched and
   * loaded anew as the others are.
   *
   * @returns what was noticed; never errors.
   * @throws DiagnosticError with every refusal; then nothing was added.
   */
  add(definition: ObjectDefinition): readonly Diagnostic[] {
    checkDefinition(definition, 'definition')
    refuseDuplicate(definition, this.#objects)
    const object = new LiveObject(definition)
    orDiagnose(() => this.#load(object))
    this.#objects.set(definition.id, object)
    this.#watcher?.lookSoon()
    return object.loaded?.warnings ?? []
  }

  /**
   * Gives an object other properties, of the same type and id. The endpoints that use it have them from the
   * next connection on; the side of credentials in use cannot be changed.
   *
   * @returns what was noticed; never errors.
   * @throws DiagnosticError OBJECT_ABSENT, OBJECT_IN_USE, or with every refusal; then nothing has changed.
   */
  redefine(definition: ObjectDefinition): readonly Diagnostic[] {
    checkDefinition(definition, 'definition')
    const { id } = definition
    const object = this.#require(id)
    if (object.definition.type !== definition.type) fail(OBJECT_KINDS.duplicateId, { id })
    orDiagnose(() => object.redefine(definition, () => this.#load(object)))
    object.trust()
    this.#watcher?.lookSoon()
    return object.loaded?.warnings ?? []
  }

  /** The definitions of all objects, in the order in which they were added. */
  get definitions(): readonly ObjectDefinition[] {
    return [...this.#objects.values()].map(({ definition }) => definition)
  }

  /**
   * Removes an object; its id is free at once. Where it is in use and the mode is `hard`, who uses it
   * goes on with its last load, which never changes any more.
   *
   * @throws DiagnosticError OBJECT_ABSENT; OBJECT_IN_USE, where the mode is `safe`.
   */
  remove(id: string, mode: ObjectRemoveMode = 'safe'): void {
    requireString(id, 'id')
    requireOneOf(mode, OBJECT_REMOVE_MODES, 'mode')
    const object = this.#require(id)
    const needing = [...this.#objects].filter(([, other]) => other.needs.has(id))
    const holders = object.holders
    if (mode === 'safe' && needing.length + holders > 0) {
      fail(OBJECT_KINDS.inUse, { id, needing: needing.map(([other]) => other), holders })
    }
    this.#objects.delete(id)
  }

  /**
   * Says that something uses an object, such as an endpoint that listens, so that it is not removed.
   *
   * @returns what says that this is over.
   * @throws DiagnosticError OBJECT_ABSENT
   */
  hold(id: string): () => void {
    return this.#require(requireString(id, 'id')).hold()
  }

  /** What was noticed while the objects were made or last loaded; never errors. */
  get warnings(): readonly Diagnostic[] {
    return [...this.#objects.values()].flatMap(({ loaded }) => loaded?.warnings ?? [])
  }

  /** Until when the certificates and revocation lists in force are valid. */
  get validity(): readonly ObjectValidity[] {
    return [...this.#objects].flatMap(([id, { loaded }]) => validityOf(id, loaded))
  }

  /** The ids of all authorizations. */
  get authorizationIds(): readonly string[] {
    return this.#idsOf('authorization')
  }

  /**
   * Credentials for one side of connections. They stay the same over every reload, and each
   * handshake uses the newest load.
   *
   * @throws DiagnosticError where there are none with the id, or they are for the other side.
   */
  credentials(id: string, endpoint: TlsRole): TlsCredentials {
    requireString(id, 'id')
    checkRole(endpoint, 'endpoint')
    const object = this.#find(id, 'credentials', 'TLS credentials')
    const newest = () => object.require('credentials').generation
    const { endpoint: own } = newest()
    if (own !== endpoint) {
      fail(OBJECT_KINDS.wrongEndpoint, { id, endpoint: own, wanted: endpoint })
    }
    return new LiveCredentials(id, newest)
  }

  /**
   * For which side of connections credentials are.
   *
   * @throws DiagnosticError where there are none with the id.
   */
  endpointOf(id: string): TlsRole {
    requireString(id, 'id')
    return this.#find(id, 'credentials', 'TLS credentials').require('credentials').generation
      .endpoint
  }

  /**
   * An authorization. It decides by its newest load; where its file is broken, it denies.
   *
   * @throws DiagnosticError where there is none with the id.
   */
  authorization(id: string): Authorization {
    requireString(id, 'id')
    const object = this.#find(id, 'authorization', 'authorization')
    return { id, decide: (peer) => decideByRules(object.ruleList(), peer) }
  }

  /**
   * Loads every object anew. What is refused keeps its last load, but for authorizations, which
   * then deny every client. Never throws.
   */
  reload(): ReloadReport {
    const report = this.#tryReload()
    for (const { id, outcome } of report.objects) {
      if (outcome === 'refused') this.#objects.get(id)?.distrust()
    }
    if (isRefused(report)) this.#retryLater?.()
    return report
  }

  /**
   * Loads objects anew whenever one of their files changes, or the configuration. A set of files
   * that is broken for a moment only, as while key and certificate are replaced one after the
   * other, is not told.
   */
  watch(onReload: (report: ReloadReport) => void, options: WatchOptions = {}): void {
    requireFunction(onReload, 'onReload')
    checkWatchOptions(options, 'options')
    this.#unwatch()
    const { patience = PATIENCE, retryAfter = RETRY, ...rest } = options
    const change = (): void => {
      clearTimeout(this.#patience)
      const report = this.#tryReload()
      if (report.objects.some(({ outcome }) => outcome === 'replaced')) onReload(report)
      if (isRefused(report)) this.#patience = setTimeout(insist, patience).unref()
    }
    const insist = (): void => {
      const report = this.reload()
      if (report.objects.some(({ outcome }) => outcome !== 'unchanged')) onReload(report)
    }
    // What is still refused was told already.
    const retry = (): void => {
      const report = this.reload()
      if (report.objects.some(({ outcome }) => outcome === 'replaced')) onReload(report)
    }
    this.#retryLater = () => {
      clearTimeout(this.#patience)
      this.#patience = setTimeout(retry, retryAfter).unref()
    }
    this.#watcher = new FileWatcher(() => this.#watchedPaths(), change, rest)
    // What changed between the making of the objects and now.
    change()
  }

  /** Ends the watching. Nothing else is open. */
  close(): void {
    this.#unwatch()
  }

  #unwatch(): void {
    clearTimeout(this.#patience)
    this.#retryLater = undefined
    this.#watcher?.close()
    this.#watcher = undefined
  }

  #watchedPaths(): readonly string[] {
    const { name } = this.#config.source
    const config = this.#context.readConfig && !name.startsWith('<') ? [name] : []
    return [...config, ...[...this.#objects.values()].flatMap((object) => object.watchedPaths())]
  }

  /** Objects that others are made of come first, since each asks for what it needs. */
  #tryReload(): ReloadReport {
    const refusals = this.#reloadConfig()
    const before = new Map([...this.#objects].map(([id, { loaded }]) => [id, loaded]))
    for (const object of this.#objects.values()) object.beginReload()
    const objects = [...this.#objects.values()].map((object): ObjectReload => {
      const { id, type } = object.definition
      const diagnostics: Diagnostic[] = []
      collect(diagnostics, () => orDiagnose(() => this.#load(object)))
      if (diagnostics.length > 0) return { id, type, outcome: 'refused', diagnostics }
      const { digest, warnings = [] } = object.loaded ?? { digest: '' }
      const isSame = digest === before.get(id)?.digest && !object.wasDistrusted
      object.trust()
      const outcome = isSame ? 'unchanged' : 'replaced'
      return { id, type, outcome, diagnostics: isSame ? [] : warnings }
    })
    return { objects, diagnostics: refusals }
  }

  #reloadConfig(): readonly Diagnostic[] {
    const diagnostics: Diagnostic[] = []
    collect(diagnostics, () => {
      const config = this.#context.readConfig?.() ?? this.#config
      const path = config.source.name
      // Without its policy an endpoint would go back to the library's default, which is looser.
      if (config.absent && !this.#config.absent) fail(FILE_KINDS.missing, { path })
      this.#config = config
    })
    return diagnostics
  }

  #load(object: LiveObject): void {
    object.load({
      config: this.#config,
      release: this.#context.release ?? DEFAULT_RELEASE,
      keyword: this.#context.keyword,
      secret: (id, reader, property) => {
        // People write the passphrase itself there: what is no id is shown nowhere.
        if (!this.#objects.has(id)) {
          fail(OBJECT_KINDS.secretNotFound, { property, known: this.#idsOf('secret') })
        }
        const found = this.#find(id, 'secret', 'secret', reader.spanOf(property))
        object.needs.add(id)
        // One that is made of itself could never be made.
        this.#load(found)
        return found.require('secret').content
      },
    })
  }

  #require(id: string): LiveObject {
    return (
      this.#objects.get(id) ?? fail(OBJECT_KINDS.absent, { id, known: [...this.#objects.keys()] })
    )
  }

  #find(
    id: string,
    kind: LoadedObject['kind'],
    what: string,
    place?: Diagnostic['span'],
  ): LiveObject {
    const object = this.#objects.get(id)
    if (!object) return fail(OBJECT_KINDS.notFound, { what, id, known: this.#idsOf(kind) }, place)
    if (object.kind === kind) return object
    const { type } = object.definition
    return fail(OBJECT_KINDS.wrongType, { id, type, wanted: what }, place)
  }

  #idsOf(kind: LoadedObject['kind']): readonly string[] {
    const all = [...this.#objects].filter(([, object]) => object.kind === kind)
    return all.map(([id]) => id)
  }
}

function isRefused({ objects }: ReloadReport): boolean {
  return objects.some(({ outcome }) => outcome === 'refused')
}

function refuseDuplicate(
  { id, places }: ObjectDefinition,
  objects: ReadonlyMap<string, LiveObject>,
): void {
  if (!objects.has(id)) return
  const place = places?.get('id') ?? places?.get('')
  throw new DiagnosticError([diagnose(OBJECT_KINDS.duplicateId, { id }, place)])
}
