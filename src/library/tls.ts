/** `cryptopolicy/tls`: TLS endpoints that obey a priority string, and credentials as QEMU's objects. */
import type { TlsRole } from '../algorithms/tls-role.ts'
import type { Evaluation } from '../priority/evaluate.ts'
import {
  tlsOptionsFor as optionsFor,
  type TlsSettings,
  type TlsSettingsOptions,
} from '../tls/tls-options.ts'
import { requireObject, requireOneOf, requireText, type TextInput } from './arguments.ts'

export type { FileWatcherOptions } from '../files/file-watcher.ts'
export type { ObjectDefinition, PropertyValue } from '../options/object-definition.ts'
export type { Authorization, AuthorizationDecision } from '../tls/authorization/authorization.ts'
export {
  type AcceptOptions,
  acceptTls,
  type ConnectOptions,
  connectTls,
} from '../tls/connection.ts'
export type { CredentialKind } from '../tls/credential-kind.ts'
export type {
  AcceptSessionOptions,
  ConnectSessionOptions,
  TlsCredentials,
} from '../tls/credentials/credentials.ts'
export type { TlsFacts, TlsPeer, TlsSession } from '../tls/credentials/tls-session.ts'
export { parseObject, parseObjects } from '../tls/objects/parse-object.ts'
export type { ObjectReload, ReloadReport } from '../tls/objects/reload-report.ts'
export {
  TlsObjects,
  type TlsObjectsContext,
  type WatchOptions,
} from '../tls/objects/tls-objects.ts'
export { checkSession, type Negotiated as NegotiatedSession } from '../tls/session-check.ts'
export type { PriorityTlsOptions } from '../tls/tls-options.ts'
export type { Certificate } from '../x509/certificate.ts'
export * from './priority.ts'
export type { TlsRole, TlsSettings, TlsSettingsOptions }

/**
 * Turns a priority string into options of node:tls. Whatever they let an endpoint negotiate is
 * allowed by the string. What OpenSSL cannot be told beforehand (the keys and signatures of the
 * peer's chain, a required extended master secret) is checked by `checkSession`, which
 * `acceptTls` and `connectTls` call: use those, or call it before any data flows.
 *
 * @param priority The string, or what `requirePriority` made of it.
 * @throws DiagnosticError where the string is refused, or where OpenSSL has nothing that the
 * string allows; LIBRARY_ARGUMENT
 */
export function tlsOptionsFor(
  priority: TextInput | Evaluation,
  options: TlsSettingsOptions,
): TlsSettings {
  const { role } = requireObject(options, 'options', ['role'])
  requireOneOf<TlsRole>(role, ['server', 'client'], 'options.role')
  if (typeof priority !== 'string' && 'resolution' in requireObject(priority, 'priority', [])) {
    return optionsFor(priority as Evaluation, options)
  }
  return optionsFor(requireText(priority as TextInput, 'priority', '<priority>'), options)
}
