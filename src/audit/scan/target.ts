/** What is to be audited, as a user writes it. */
import { isIP } from 'node:net'
import { fail } from '../../diagnostics/diagnostic.ts'
import type { SocketAddress } from '../../net/address.ts'
import { parseAuthority, splitUri } from '../../net/uri.ts'
import { AUDIT_KINDS } from './audit-diagnostics.ts'

export type AuditTarget = {
  readonly text: string
  /** In lower case: `tls` where none is given. */
  readonly scheme: string
  readonly address: SocketAddress
  /** What is sent as server_name: addresses are none (RFC 6066 section 3). */
  readonly serverName: string | undefined
}

/** Schemes and the ports that they have where none is given. */
export type TargetSchemes = ReadonlyMap<string, number | undefined>

/**
 * @param schemeOfPort The scheme where none is written; `tls` where it gives none.
 * @throws DiagnosticError AUDIT_BAD_TARGET.
 */
export function parseTarget(
  text: string,
  schemes: TargetSchemes,
  schemeOfPort: (port: number) => string | undefined,
): AuditTarget {
  const refuse = (reason: string, hint?: string): never =>
    fail(AUDIT_KINDS.badTarget, { text, reason, hint })
  const { scheme, authority, path, query, fragment } = splitUri(
    text.includes('://') ? text : `tls://${text}`,
  )
  const known = [...schemes.keys()].map((name) => `${name}://`).join(', ')
  if (!schemes.has(scheme)) refuse(`its scheme is ${scheme || 'empty'}`, `known are ${known}`)
  if (!/^\/?$/.test(path) || query !== '' || fragment !== undefined) {
    refuse('nothing stands behind its port')
  }
  const { host, port = schemes.get(scheme), user } = parseAuthority(authority ?? '', refuse)
  if (user !== undefined) refuse('no user is named in it')
  if (host === '') refuse('it has no host')
  if (port === undefined) return refuse('it has no port')
  const address = { kind: 'tcp', host, port } as const
  const ofPort = text.includes('://') ? undefined : schemeOfPort(port)
  const target = { text, scheme: ofPort ?? scheme, address, serverName: undefined }
  return isAddress(host) ? target : withServerName(target, host)
}

/** Resolvers take `127.1` and `0x7f000001` for addresses too; no name of DNS ends in a number (RFC 3696 section 2). */
function isAddress(host: string): boolean {
  return isIP(host) !== 0 || /(^|\.)(\d+|0x[\da-f]*)\.?$/i.test(host)
}

/**
 * A name that a client may ask for: RFC 6066 section 3, of which RFC 1035 section 2.3.4 bounds the length.
 *
 * @throws DiagnosticError AUDIT_BAD_TARGET.
 */
export function withServerName(target: AuditTarget, serverName: string | undefined): AuditTarget {
  if (serverName !== undefined && !/^[\x21-\x7e]{1,255}$/.test(serverName)) {
    const reason = 'a server name has 1 to 255 characters of ASCII, without spaces'
    fail(AUDIT_KINDS.badTarget, { text: target.text, reason, hint: 'see --server-name' })
  }
  return { ...target, serverName }
}
