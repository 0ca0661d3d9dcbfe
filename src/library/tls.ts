/** `cryptopolicy/tls`: TLS endpoints that obey a priority string, and credentials as QEMU's objects. */
import type { TlsRole } from '../algorithms/tls-role.ts'
import { optionalChecked, optionsOf } from '../arguments/objects.ts'
import {
  requireOneOf,
  requireString,
  requireText,
  type TextInput,
} from '../arguments/single-values.ts'
import type { Source } from '../diagnostics/source.ts'
import type { ObjectDefinition } from '../options/object-definition.ts'
import type { Evaluation } from '../priority/evaluate.ts'
import { checkEvaluation } from '../priority/priority-arguments.ts'
import { applicationPriority } from '../system/application-priority.ts'
import { findDirectories } from '../system/directories.ts'
import { CREDENTIAL_KINDS, type CredentialKind } from '../tls/credential-kind.ts'
import { parseObject as parse, parseObjects as parseAll } from '../tls/objects/parse-object.ts'
import { checkRole, checkSettingsOptions } from '../tls/tls-arguments.ts'
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
export type { ObjectValidity } from '../tls/objects/validity.ts'
export { checkSession, type NegotiatedSession } from '../tls/session-check.ts'
export type { PriorityTlsOptions } from '../tls/tls-options.ts'
export type { Certificate } from '../x509/certificate.ts'
export * from './priority.ts'
export type { CredentialKind, ObjectDefinition, TlsRole, TlsSettings, TlsSettingsOptions }

/** A program that obeys its own application policy: see applications(5). */
export type TlsApplication = {
  /** The name of its policy. */
  readonly application: string
  /** A server unless given. */
  readonly role?: TlsRole
  readonly credentials?: CredentialKind
  /** Instead of /etc/crypto-policies, or the environment's base_dir. */
  readonly baseDir?: string
  readonly profileDir?: string
}

const checkApplication = optionsOf<TlsApplication>({
  application: requireString,
  role: optionalChecked(checkRole),
  credentials: optionalChecked((value, name) => requireOneOf(value, CREDENTIAL_KINDS, name)),
  baseDir: optionalChecked(requireString),
  profileDir: optionalChecked(requireString),
})

/**
 * Options of node:tls for a program: what its application policy allows, else what the system policy does.
 * The files are read at each call.
 *
 * @throws DiagnosticError where the string in force is refused; LIBRARY_ARGUMENT, LIBRARY_OPTION
 */
export function tlsOptionsFor(application: TlsApplication): TlsSettings
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
): TlsSettings
export function tlsOptionsFor(
  priority: TextInput | Evaluation | TlsApplication,
  options?: TlsSettingsOptions,
): TlsSettings {
  if (isApplication(priority)) {
    const {
      application,
      role = 'server',
      credentials,
      ...folders
    } = checkApplication(priority, 'priority')
    const evaluation = applicationPriority(application, findDirectories(folders))
    return optionsFor(evaluation, { role, ...(credentials ? { credentials } : {}) })
  }
  checkSettingsOptions(options, 'options')
  const isEvaluated = typeof priority === 'object' && priority !== null && 'resolution' in priority
  if (isEvaluated)
    return optionsFor(checkEvaluation(priority, 'priority'), options as TlsSettingsOptions)
  return optionsFor(requireText(priority, 'priority', '<priority>'), options as TlsSettingsOptions)
}

function isApplication(priority: unknown): priority is TlsApplication {
  return typeof priority === 'object' && priority !== null && 'application' in priority
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
