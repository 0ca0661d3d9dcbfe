/** What is known of an export, as text and as JSON. */
import type { JsonResult } from '../diagnostics/diagnostic-json.ts'
import { printable } from '../diagnostics/print-diagnostic.ts'
import type { TlsFacts } from '../tls/credentials/tls-session.ts'
import type { ExportFacts, HeaderStyle } from './client/client-negotiation.ts'
import { transmissionFlagNames } from './protocol/names.ts'

/** What is known once a connection is there. */
export type SessionFacts = {
  readonly headers: HeaderStyle
  /** What block status tells of, where it tells anything. */
  readonly context: string
  readonly hasBlockStatus: boolean
  readonly tls: TlsFacts | undefined
}

/** The flags in words; HAS_FLAGS says nothing. */
function abilities(flags: number): readonly string[] {
  return transmissionFlagNames(flags)
    .filter((name) => name !== 'HAS_FLAGS')
    .map((name) =>
      name
        .replace(/^(SEND|CAN)_/, '')
        .toLowerCase()
        .replaceAll('_', '-'),
    )
}

/** Lines of `name: value`, the names in a column. */
export function printExport(info: ExportFacts, session?: SessionFacts): readonly string[] {
  const { minimum, preferred, maximum } = info.blockSizes
  const sizes = `minimum ${minimum}, preferred ${preferred}, maximum ${maximum}`
  const rows: (readonly [string, string | undefined])[] = [
    ['export', info.name],
    ['own name', info.canonicalName],
    ['description', info.description],
    ['size', `${info.size}`],
    ['block sizes', info.hasBlockSizes ? sizes : undefined],
    ['abilities', abilities(info.flags).join(', ')],
    ['replies', session?.headers],
    ['map', session && (session.hasBlockStatus ? session.context : 'none')],
    ['tls', session && describeTls(session.tls)],
    ['peer', session?.tls?.peer.distinguishedName],
  ]
  return rows
    .filter(([, value]) => value !== undefined)
    .map(([name, value = '']) => printable(`${`${name}:`.padEnd(13)}${value}`).trimEnd())
}

function describeTls(tls: TlsFacts | undefined): string {
  if (!tls) return 'none, the connection is in clear'
  return [tls.protocol, tls.suite, tls.group].filter((part) => part !== undefined).join(', ')
}

/** What a server says of an export; what it does not say is null. */
export function exportToJson(info: ExportFacts): JsonResult {
  const { name, canonicalName, description, size, flags, blockSizes, hasBlockSizes } = info
  return {
    name,
    canonicalName: canonicalName ?? null,
    description: description ?? null,
    // Programs that read JSON round greater numbers.
    size: typeof size === 'number' ? size : `${size}`,
    blockSizes: hasBlockSizes ? blockSizes : null,
    isReadOnly: abilities(flags).includes('read-only'),
    abilities: abilities(flags),
  }
}

export function sessionToJson({ headers, context, hasBlockStatus, tls }: SessionFacts): JsonResult {
  const contexts = hasBlockStatus ? [context] : []
  return { replies: headers, contexts, tls: tlsToJson(tls) }
}

/** Null where the connection is in clear. */
export function tlsToJson(tls: TlsFacts | undefined): JsonResult | null {
  if (!tls) return null
  const { protocol, suite, group = null, peer } = tls
  return { protocol, suite, group, peer: peer.distinguishedName ?? null }
}
