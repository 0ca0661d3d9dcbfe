/** `cryptopolicy/tls`: TLS endpoints that obey a priority string, and credentials as QEMU's objects. */
import type { TlsRole } from '../algorithms/tls-role.ts'
import { requireString, requireText, type TextInput } from '../arguments/single-values.ts'
import type { Source } from '../diagnostics/source.ts'
import type { ObjectDefinition } from '../options/object-definition.ts'
import type { Evaluation } from '../priority/evaluate.ts'
import { checkEvaluation } from '../priority/priority-arguments.ts'
import { parseObject as parse, parseObjects as parseAll } from '../tls/objects/parse-object.ts'
import { checkSettingsOptions } from '../tls/tls-arguments.ts'
import {
  tlsOptionsFor as optionsFor,
  type TlsSettings,
  type TlsSettingsOptions,
} from '../tls/tls-options.ts'

export type { FileWatcherOptions } from '../files/file-watcher.ts'
export type { PropertyValue } from '../options/object-definition.ts'
export type { Authorization, AuthorizationDecision } from '../tls/authorization/authorization.ts'
export {
  type AcceptOptions,
  acceptTls,
  type ConnectOptions,
  connectTls,
} from '../tls/connection.ts'
export type { CredentialKind } from '../tls/credential-kind.ts'
export type { TlsCredentials } from '../tls/credentials/credentials.ts'
export type {
  AcceptSessionOptions,
  ConnectSessionOptions,
} from '../tls/credentials/session-options.ts'
export type { TlsFacts, TlsPeer, TlsSession } from '../tls/credentials/tls-session.ts'
export type { ObjectReload, ReloadReport } from '../tls/objects/reload-report.ts'
export { TlsObjects } from '../tls/objects/tls-objects.ts'
export type {
  ObjectRemoveMode,
  TlsObjectsContext,
  WatchOptions,
} from '../tls/objects/tls-objects-options.ts'
export { checkSession, type Negotiated as NegotiatedSession } from '../tls/session-check.ts'
export type { PriorityTlsOptions } from '../tls/tls-options.ts'
export type { Certificate } from '../x509/certificate.ts'
export * from './priority.ts'
export type { ObjectDefinition, TlsRole, TlsSettings, TlsSettingsOptions }

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
  checkSettingsOptions(options, 'options')
  const isEvaluated = typeof priority === 'object' && priority !== null && 'resolution' in priority
  if (isEvaluated) return optionsFor(checkEvaluation(priority, 'priority'), options)
  return optionsFor(requireText(priority, 'priority', '<priority>'), options)
}

/**
 * Reads the argument of `--object`: `TYPE,id=ID,PROPERTY=VALUE...`, or JSON.
 *
 * @param name What messages call the text.
 * @throws DiagnosticError OBJECT_... where it is no definition; LIBRARY_ARGUMENT. Whether the type and its
 * properties exist is seen when the object is made.
 */
export function parseObject(text: string, name = '--object'): ObjectDefinition {
  return parse(requireString(text, 'text'), requireString(name, 'name'))
}

/**
 * Reads a YAML or JSON text with a list of objects, each with `qom-type` and `id`; the list may stand below
 * the key `objects`.
 *
 * @throws DiagnosticError OBJECT_... with file, line and column; LIBRARY_ARGUMENT
 */
export function parseObjects(source: Source): readonly ObjectDefinition[] {
  return parseAll(requireText(source, 'source', '<objects>'))
}
