/** The objects of a process: made together, looked up by id, loaded anew without a restart. */

import type { TlsRole } from '../../algorithms/tls-role.ts'
import { requireFunction, requireString } from '../../arguments/single-values.ts'
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
import { checkContext, checkDefinitions, checkWatchOptions } from './object-arguments.ts'
import type { ObjectReload, ReloadReport } from './reload-report.ts'
import type { TlsObjectsContext, WatchOptions } from './tls-objects-options.ts'
import type { LoadedObject } from './types/object-type.ts'

const PATIENCE = 2_000

/**
 * How long after a refusal the files are read again, in milliseconds, although none has changed: the
 * process may have had no descriptor or no memory left when it read them.
 */
const RETRY = 5_000

/** Credentials, secrets and authorizations by their ids. */
export class TlsObjects {
  readonly #objects: ReadonlyMap<string, LiveObject>
  readonly #context: TlsObjectsContext
  #config: SystemConfig
  #watcher: FileWatcher | undefined
  #patience: NodeJS.Timeout | undefined
  /** What to do some time after a refusal, while the files are watched. */
  #retryLater: (() => void) | undefined

  private constructor(objects: ReadonlyMap<string, LiveObject>, context: TlsObjectsContext) {
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

  /** What was noticed while the objects were made or last loaded; never errors. */
  get warnings(): readonly Diagnostic[] {
    return [...this.#objects.values()].flatMap(({ loaded }) => loaded?.warnings ?? [])
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
   * then deny everybody. Never throws.
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
      secret: (id, reader, property) => {
        // People write the passphrase itself there: what is no id is shown nowhere.
        if (!this.#objects.has(id)) {
          fail(OBJECT_KINDS.secretNotFound, { property, known: this.#idsOf('secret') })
        }
        const found = this.#find(id, 'secret', 'secret', reader.spanOf(property))
        // One that is made of itself could never be made.
        this.#load(found)
        return found.require('secret').content
      },
    })
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

/** A running program does not end by what somebody wrote into a file, whatever it was. */
function orDiagnose(step: () => void): void {
  try {
    step()
  } catch (error) {
    if (error instanceof DiagnosticError) throw error
    const message = error instanceof Error ? error.message : String(error)
    throw new DiagnosticError([diagnose(OBJECT_KINDS.loadFailed, { message })])
  }
}

/** Runs a step whose refusal is one of several to be told. */
function collect(diagnostics: Diagnostic[], step: () => void): void {
  try {
    step()
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    for (const diagnostic of error.diagnostics) {
      // What keeps a secret from being made also keeps back whatever needs it.
      const isTold = diagnostics.some(
        ({ code, message }) => code === diagnostic.code && message === diagnostic.message,
      )
      if (!isTold) diagnostics.push(diagnostic)
    }
  }
}
