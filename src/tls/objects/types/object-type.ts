/** What a type of objects declares, and what an object becomes when it is loaded. */

import type { TlsRole } from '../../../algorithms/tls-role.ts'
import type { Diagnostic } from '../../../diagnostics/diagnostic.ts'
import type { PropertyReader } from '../../../options/property-reader.ts'
import type { GnutlsRelease } from '../../../priority/releases.ts'
import type { SystemConfig } from '../../../priority/system-config.ts'
import type { RuleList } from '../../authorization/authorization.ts'
import type { CredentialsGeneration } from '../../credentials/credentials-generation.ts'

/** What is around an object while it is loaded. */
export type Surroundings = {
  readonly id: string
  readonly config: SystemConfig
  readonly release: GnutlsRelease
  /** The keyword that is asked for first. */
  readonly keyword?: string | undefined
  /** The load in force, which the new one would replace. */
  readonly previous?: LoadedObject | undefined
  /** The content of another object, a `secret`. */
  readonly secret: (id: string, reader: PropertyReader, property: string) => Buffer
}

type LoadedBase = {
  /** Changes where anything changes that the object was made of. */
  readonly digest: string
  /** What was read, or looked for: where a change may change the object. */
  readonly paths: readonly string[]
  readonly warnings?: readonly Diagnostic[]
}

/** An object as of one load. */
export type LoadedObject = LoadedBase &
  (
    | { readonly kind: 'secret'; readonly content: Buffer }
    | { readonly kind: 'authorization'; readonly list: RuleList }
    | { readonly kind: 'credentials'; readonly generation: CredentialsGeneration }
  )

export type ObjectType = {
  /** As `qom-type` names it. */
  readonly name: string
  readonly aliases?: readonly string[]
  readonly kind: LoadedObject['kind']
  readonly properties: readonly string[]
  /**
   * Makes the object, or makes it anew. Reads every file that it needs; keeps nothing open.
   *
   * @throws DiagnosticError where it is refused.
   */
  readonly load: (reader: PropertyReader, surroundings: Surroundings) => LoadedObject
  /** Why objects of the type cannot be made. */
  readonly refusal?: { readonly reason: string; readonly hint: string }
  /** Whether a change of the files is noticed; by default it is. */
  readonly isWatched?: (reader: PropertyReader) => boolean
}

/** The side of a connection that credentials are for. */
export const ENDPOINTS = ['client', 'server'] as const satisfies readonly TlsRole[]
