/** Where an entry of an endpoint file listens, in QEMU's words. */
import type { AddressInfo } from 'node:net'
import type { MigrationUri } from '../../migration/address/migration-uri.ts'
import { readUriProperty } from '../../migration/address/uri-property.ts'
import { printBoundAddress } from '../../net/address.ts'
import type { PropertyReader } from '../../options/property-reader.ts'
import { namedDescriptors } from '../../service/service-manager.ts'
import type { HostAddress } from '../host/listen-address.ts'
import type { StartedEntry } from './section.ts'

/** @throws DiagnosticError MIGRATION_URI_INVALID, OBJECT_WRONG_VALUE, at its place in the file. */
function readPlace(reader: PropertyReader): MigrationUri {
  return readUriProperty(reader, 'listen', withDescriptor(reader, reader.requiredText('listen')))
}

/** `fd:NAME` becomes `fd:N`. */
function withDescriptor(reader: PropertyReader, text: string): string {
  const [, name] = /^fd:(.*\D.*)$/s.exec(text) ?? []
  if (name === undefined) return text
  const [descriptor, ...others] = namedDescriptors().get(name) ?? []
  if (descriptor !== undefined && others.length === 0) return `fd:${descriptor}`
  const expected =
    descriptor === undefined
      ? 'the name of a socket that the service manager has handed over (FileDescriptorName=)'
      : 'a name of one socket; the service manager has handed over several of this name'
  return reader.refuse('listen', expected)
}

/** @throws DiagnosticError MIGRATION_URI_INVALID, OBJECT_WRONG_VALUE where nothing can listen there. */
export function readListeningUri(reader: PropertyReader): MigrationUri {
  const uri = readPlace(reader)
  return ['tcp', 'unix', 'fd'].includes(uri.kind) ? uri : refusePlace(reader)
}

function refusePlace(reader: PropertyReader): never {
  return reader.refuse('listen', 'unix:PATH, tcp:HOST:PORT or fd:NAME')
}

/** @throws DiagnosticError OBJECT_WRONG_VALUE where nothing can listen there. */
export function readAddress(reader: PropertyReader): HostAddress {
  const uri = readPlace(reader)
  switch (uri.kind) {
    case 'unix':
      return { kind: 'unix', path: uri.path }
    case 'fd':
      return { kind: 'fd', descriptor: uri.descriptor }
    case 'tcp': {
      const { host, port, lastPort, family } = uri
      const onlyFamily = family === undefined ? {} : { ipv4: family === 4, ipv6: family === 6 }
      const to = lastPort === undefined ? {} : { to: lastPort }
      return { kind: 'inet', host, port: String(port), ...to, ...onlyFamily }
    }
    default:
      return refusePlace(reader)
  }
}

type ListeningEntry = Pick<StartedEntry, 'stop'> & { readonly place: string }

/** Starts what is to listen. Where it cannot, it is stopped, so that nothing of it stays. @throws DiagnosticError */
export async function startListening(
  listen: () => Promise<AddressInfo | string>,
  stop: StartedEntry['stop'],
): Promise<ListeningEntry> {
  try {
    return { place: printBoundAddress(await listen()), stop }
  } catch (error) {
    await stop(0)
    throw error
  }
}
