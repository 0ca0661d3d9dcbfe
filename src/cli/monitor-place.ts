/** Where a monitor listens, as users write it. */
import { fail } from '../diagnostics/diagnostic.ts'
import type { SocketAddress } from '../net/address.ts'
import { CLI_KINDS } from './cli-diagnostics.ts'

/**
 * A path, `unix:PATH`, `tcp:HOST:PORT` or `tcp:[ADDRESS]:PORT`.
 *
 * @throws DiagnosticError USAGE_MISSING_OPTION
 */
export function parseMonitorPlace(text: string): SocketAddress {
  if (!text.startsWith('tcp:')) return { kind: 'unix', path: text.replace(/^unix:/, '') }
  const [, inBrackets, plain, digits] =
    /^tcp:(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? []
  const host = inBrackets ?? plain
  const port = Number(digits)
  if (host !== undefined && port > 0 && port <= 65_535) return { kind: 'tcp', host, port }
  const hint = 'for instance tcp:host.example.com:4444'
  return fail(CLI_KINDS.missingOption, { what: `${text} is no tcp:HOST:PORT`, hint })
}
