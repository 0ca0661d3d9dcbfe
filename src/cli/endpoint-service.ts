/** The endpoints of a file as a service: from its first start over each change of the file to the end. */
import { type Diagnostic, DiagnosticError, diagnose } from '../diagnostics/diagnostic.ts'
import { diagnosticToJson, printJson } from '../diagnostics/diagnostic-json.ts'
import { readMixedTextFile, readNamedMixedFile } from '../files/text-file.ts'
import { readEndpointFile } from '../monitor/file/endpoint-file.ts'
import { entryEventToJson, printEntryEvent } from '../monitor/file/event-report.ts'
import { type AppliedChange, FileInForce } from '../monitor/file/file-in-force.ts'
import { atPlaces, withObjectPlaces } from '../monitor/file/object-uses.ts'
import { type EndpointEvent, HostEndpoints } from '../monitor/host/host-endpoints.ts'
import { HostMetrics } from '../monitor/metrics/host-metrics.ts'
import type { FileHost } from '../monitor/sections/section.ts'
import { ServiceEnding } from '../service/ending.ts'
import { runService } from '../service/service.ts'
import type { ReloadReport } from '../tls/objects/reload-report.ts'
import { CLI_KINDS } from './cli-diagnostics.ts'
import type { EndpointRunOptions } from './endpoint-options.ts'
import { objectsContext } from './object-options.ts'
import { logReload } from './reload-log.ts'
import { Terminal } from './terminal.ts'

/** Serves until a signal comes, or a client of a monitor asks for the end. */
export async function runEndpoints(path: string, options: EndpointRunOptions): Promise<void> {
  const terminal = new Terminal({ quiet: options.quiet ?? false, isService: true })
  const log = new EndpointLog(options, terminal)
  const file = readEndpointFile(readNamedMixedFile(path))
  const context = await objectsContext(options, terminal)
  const ending = new ServiceEnding()
  const { name, guest, objects } = file
  const metrics = new HostMetrics()
  const tell = (entry: string, event: EndpointEvent) => {
    metrics.tell(entry, event)
    log.tellEvent(entry, event)
  }
  const tellReload = (report: ReloadReport) => {
    metrics.tellReload(report)
    logReload(report, options, terminal)
  }
  const hostOptions = {
    ...(name === undefined ? {} : { name }),
    ...(guest === undefined ? {} : { guestPath: guest }),
    ...{ objects, context, tell, onReload: tellReload },
    trafficOf: (endpoint: string) => metrics.trafficOf(endpoint),
    onQuit: () => ending.begin(),
  }
  const endpoints = atPlaces(file, () => new HostEndpoints(hostOptions))
  withObjectPlaces(endpoints.objects.tls.warnings, objects).forEach(terminal.report)
  const host: FileHost = { endpoints, context, metrics, tell, tellOutcome: log.tellOutcome }
  const inForce = new FileInForce(host, objects)
  await runService({
    objects: endpoints.objects.tls,
    ending,
    pidFile: options.pidFile,
    drainLimit: options.drainLimit,
    start: () => inForce.apply(file),
    announce: ({ warnings }) => announce(inForce, warnings, terminal),
    tellReload,
    configure: () => applyAgain(path, inForce, host.metrics, log),
    drain: (limit) => inForce.end(limit),
    close: () => endpoints.close(),
  })
}

/** A file that is refused changes nothing. */
async function applyAgain(
  path: string,
  inForce: FileInForce,
  metrics: HostMetrics,
  log: EndpointLog,
): Promise<void> {
  try {
    // All that is served would wait for the writer of a pipe.
    const file = readEndpointFile(readMixedTextFile(path))
    log.tellChange(path, await inForce.apply(file))
    metrics.tellFile('applied')
    metrics.keepOnly(['nbd', 'migration', ...file.entries.map(({ name }) => name)])
  } catch (error) {
    metrics.tellFile('refused')
    log.tellRefusal(path, diagnosticsOf(error))
  }
}

/** A mistake of this program ends no endpoint either. */
function diagnosticsOf(error: unknown): readonly Diagnostic[] {
  if (error instanceof DiagnosticError) return error.diagnostics
  const message = error instanceof Error ? error.message : String(error)
  return [diagnose(CLI_KINDS.internal, { message })]
}

function announce(inForce: FileInForce, warnings: readonly Diagnostic[], terminal: Terminal): void {
  warnings.forEach(terminal.report)
  const places = [...inForce.places].map(([name, place]) => `${name} at ${place}`)
  // Programs that wait for this line wait for it under --quiet too.
  terminal.warn(`ready: ${places.join(', ')}`)
}

class EndpointLog {
  readonly #options: EndpointRunOptions
  readonly #terminal: Terminal

  constructor(options: EndpointRunOptions, terminal: Terminal) {
    this.#options = options
    this.#terminal = terminal
  }

  readonly tellEvent = (entry: string, event: EndpointEvent): void => {
    if (this.#options.quiet && !isFailure(event)) return
    this.#terminal.warn(
      this.#isJson ? entryEventToJson(entry, event, new Date()) : printEntryEvent(entry, event),
    )
  }

  readonly tellOutcome = (entry: string, error?: unknown): void => {
    const diagnostics = error instanceof DiagnosticError ? error.diagnostics : []
    if (this.#isJson) this.#tellJson({ entry, event: 'ended', ...asJson(diagnostics) })
    else {
      diagnostics.forEach(this.#terminal.report)
      this.#terminal.note(`${entry} ${error === undefined ? 'is done' : 'has failed'}`)
    }
  }

  tellChange(path: string, { started, stopped, objects, warnings }: AppliedChange): void {
    if (this.#isJson) {
      this.#tellJson({
        event: 'applied',
        file: path,
        started,
        stopped,
        objects,
        ...asJson(warnings),
      })
      return
    }
    warnings.forEach(this.#terminal.report)
    const parts = { started, stopped, objects }
    const told = Object.entries(parts).flatMap(([what, names]) =>
      names.length === 0 ? [] : `${what} ${names.join(', ')}`,
    )
    this.#terminal.note(`${path}: ${told.join('; ') || 'nothing has changed'}`)
  }

  tellRefusal(path: string, diagnostics: readonly Diagnostic[]): void {
    if (this.#isJson) {
      this.#tellJson({ event: 'refused-file', file: path, ...asJson(diagnostics) })
      return
    }
    diagnostics.forEach(this.#terminal.report)
    this.#terminal.note(`${path} is refused, and the file before it stays in force`)
  }

  get #isJson(): boolean {
    return this.#options.log === 'json'
  }

  #tellJson(facts: object): void {
    this.#terminal.warn(printJson({ time: new Date().toISOString(), ...facts }))
  }
}

function isFailure(event: EndpointEvent): boolean {
  if (event.event === 'guest') return event.status === 'failed'
  return event.event === 'refused' || event.event === 'failed'
}

function asJson(diagnostics: readonly Diagnostic[]): object {
  return { diagnostics: diagnostics.map(diagnosticToJson) }
}
