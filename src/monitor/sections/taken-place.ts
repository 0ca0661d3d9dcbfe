/** What an entry of a file takes of the host when it starts: no two entries can have the same. */
import { type ListeningPorts, listenOptionsOfPorts } from '../../endpoint/listening-ports.ts'
import type { MigrationUri } from '../../migration/address/migration-uri.ts'
import type { ListeningOptions } from '../host/listen-address.ts'

export type HostPlace =
  | { readonly kind: 'socket'; readonly options: ListeningOptions }
  /** A file that one alone can write. */
  | { readonly kind: 'file'; readonly path: string }
  /** A name under which clients of the NBD server find an export. */
  | { readonly kind: 'export'; readonly name: string }

export type TakenPlace = {
  /** The property that says it. */
  readonly property: string
  /** It takes the first of them that is free. */
  readonly candidates: readonly HostPlace[]
}

export function takenSocket(property: string, options: readonly ListeningOptions[]): TakenPlace {
  return { property, candidates: options.map((one) => ({ kind: 'socket', options: one })) }
}

/** Of entries whose place is written as that of a migration. */
export function takenByUri(uri: MigrationUri): readonly TakenPlace[] {
  const options = optionsOfUri(uri)
  return options.length === 0 ? [] : [takenSocket('listen', options)]
}

function optionsOfUri(uri: MigrationUri): readonly ListeningOptions[] {
  if (uri.kind === 'unix') return [{ path: uri.path }]
  if (uri.kind === 'fd') return [{ fd: uri.descriptor }]
  return uri.kind === 'tcp' ? listenOptionsOfPorts(uri satisfies ListeningPorts) : []
}
