/** What a section of an endpoint file is: the properties of its entries, and how an entry is started. */
import { type Diagnostic, diagnose } from '../../diagnostics/diagnostic.ts'
import { ENDPOINT_KINDS } from '../../endpoint/endpoint-diagnostics.ts'
import { isOpenToNetwork } from '../../net/address.ts'
import type { ObjectDefinition } from '../../options/object-definition.ts'
import type { PropertyReader } from '../../options/property-reader.ts'
import type { TlsObjects } from '../../tls/objects/tls-objects.ts'
import type { TlsObjectsContext } from '../../tls/objects/tls-objects-options.ts'
import type { EndpointEvent, HostEndpoints } from '../host/host-endpoints.ts'
import type { HostMetrics } from '../metrics/host-metrics.ts'
import type { TakenPlace } from './taken-place.ts'

/** What a property takes, for the reader of the file and for its JSON Schema. */
export type FileProperty = {
  readonly kind: 'text' | 'flag' | 'count' | 'size'
  readonly isRequired?: boolean
  /** For the JSON Schema: a sentence without its full stop. */
  readonly summary: string
}

/** One entry as the file has it. */
export type FileEntry = {
  readonly section: FileSection
  /** Its type is what the section calls an entry: `relay`. */
  readonly definition: ObjectDefinition
}

/** Where entries are started. */
export type FileHost = {
  readonly endpoints: HostEndpoints
  /** By which objects are tried before anything is changed. */
  readonly context: TlsObjectsContext
  readonly metrics: HostMetrics
  /** What happens to the connections of an entry. */
  readonly tell: (entry: string, event: EndpointEvent) => void
  /** What has ended by itself, as a receiver when its guest is stored; the error where it failed. */
  readonly tellOutcome: (entry: string, error?: unknown) => void
}

/** An entry that was started. */
export type StartedEntry = {
  /** Where it listens, for people. */
  readonly place?: string
  /** What was noticed when it was started. */
  readonly warnings?: readonly Diagnostic[]
  /** Ends it. @param limit For what is under way, in milliseconds. */
  readonly stop: (limit: number) => Promise<void>
}

/** What an entry says. */
export type EntryPlan = {
  /** What no other entry of the file can have. */
  readonly takes?: readonly TakenPlace[]
  /** What of its objects would be refused when it is started. Nothing is started. @throws DiagnosticError */
  readonly tryObjects?: (objects: TlsObjects) => void
  /** @throws DiagnosticError */
  readonly start: (host: FileHost) => Promise<StartedEntry>
}

export type FileSection = {
  /** Its key in the file: `relays`. */
  readonly key: string
  /** What messages call an entry, and what its name begins with where it has none of its own. */
  readonly what: string
  /** There is one entry of it, without an id. */
  readonly isSingle?: boolean
  readonly summary: string
  readonly properties: Readonly<Record<string, FileProperty>>
  /** The names of entries that have to be there first; when one of them starts anew, so does this. */
  readonly needs?: (definition: ObjectDefinition) => readonly string[]
  /** The side of TLS that its credentials have to be for, where one alone is possible. */
  readonly tlsRole?: 'client' | 'server'
  /** What an entry needs ends first, since it waits for the clients of both. */
  readonly endsLast?: boolean
  /**
   * Reads an entry without touching the host.
   *
   * @throws DiagnosticError with the place of what is wrong.
   */
  readonly read: (reader: PropertyReader, definition: ObjectDefinition) => EntryPlan
}

/** `relay web1`, or `nbd` of a section that has one entry. */
export function nameOfEntry({ section, definition }: FileEntry): string {
  return section.isSingle ? section.key : `${section.what} ${definition.id}`
}

/** Properties that sections share. */
export const LISTEN: FileProperty = {
  kind: 'text',
  isRequired: true,
  summary:
    'where it listens: unix:PATH, tcp:HOST:PORT, or fd:NAME, a socket of the service manager',
}
export const TLS_CREDS: FileProperty = { kind: 'text', summary: 'the id of TLS credentials' }
export const TLS_AUTHZ: FileProperty = {
  kind: 'text',
  summary: 'the id of an authorization, which decides about clients',
}
export const HANDSHAKE_LIMIT: FileProperty = {
  kind: 'count',
  summary: 'until a client is let in, in seconds; 0 for no limit',
}
export const IDLE_LIMIT: FileProperty = {
  kind: 'count',
  summary: 'without a byte in either direction, in seconds; 0 for no limit',
}

/** In seconds: what timers of Node.js can wait for. */
export const LONGEST_LIMIT = 2_147_483

/** Of an entry that may be served in clear. @param credentials The id of its credentials. */
export function clearTextWarning(
  place: string,
  credentials: string | undefined,
): readonly Diagnostic[] {
  if (credentials !== undefined || !isOpenToNetwork(place)) return []
  return [diagnose(ENDPOINT_KINDS.clearText, { address: place })]
}
