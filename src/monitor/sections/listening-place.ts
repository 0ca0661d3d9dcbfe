/** Where an entry of an endpoint file listens, in QEMU's words. */
import type { AddressInfo } from 'node:net'
import { didYouMean } from '../../diagnostics/suggestion.ts'
import { type MigrationUri, parseMigrationUri } from '../../migration/address/migration-uri.ts'
import { printBoundAddress } from '../../net/address.ts'
import type { PropertyReader } from '../../options/property-reader.ts'
import { namedDescriptors } from '../../service/service-manager.ts'
import type { HostAddress } from '../host/listen-address.ts'
import type { StartedEntry } from './section.ts'

const WORDS = ['unix', 'tcp', 'fd'] as const

type ListeningUri = Extract<MigrationUri, { kind: (typeof WORDS)[number] }>

/**
 * Where an entry listens, whatever it serves there.
 *
 * @throws DiagnosticError OBJECT_WRONG_VALUE where nothing can listen there, OBJECT_MISSING_PROPERTY.
 */
export function readListeningUri(reader: PropertyReader): ListeningUri {
  const text = withDescriptor(reader, reader.requiredText('listen'))
  const [word = ''] = text.split(':')
  if (!WORDS.some((one) => text.startsWith(`${one}:`))) refusePlace(reader, remedyFor(text, word))
  // Its first word says which it is.
  return parseMigrationUri(text, (reason) => refusePlace(reader, reason)) as ListeningUri
}

/** People write an address alone, as for most programs. */
function remedyFor(text: string, word: string): string | undefined {
  if (/^[./]/.test(text)) return `did you mean unix:${text}?`
  const isAddress = /^[^:]+:\d+$/.test(text)
  return didYouMean(word, WORDS) ?? (isAddress ? `did you mean tcp:${text}?` : undefined)
}

function refusePlace(reader: PropertyReader, hint: string | undefined): never {
  return reader.refuse('listen', 'unix:PATH, tcp:HOST:PORT or fd:NAME', hint)
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

/** The same for what takes an address in the words of QMP. @throws DiagnosticError OBJECT_WRONG_VALUE, OBJECT_MISSING_PROPERTY */
export function readAddress(reader: PropertyReader): HostAddress {
  const uri = readListeningUri(reader)
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
