/** What programs import from `cryptopolicy`. */
export type { Backend } from './backends/backend.ts'
export { BACKENDS, findBackend } from './backends/registry.ts'
export {
  type Diagnostic,
  DiagnosticError,
  type Severity,
} from './diagnostics/diagnostic.ts'
export { printDiagnostic } from './diagnostics/print-diagnostic.ts'
export type { Source, Span } from './diagnostics/source.ts'
export type { ClientTls } from './nbd/client/client-tls.ts'
export {
  describeExport,
  listServer,
  NbdClient,
  type NbdClientOptions,
} from './nbd/client/nbd-client.ts'
export { type NbdUri, parseNbdUri } from './nbd/client/nbd-uri.ts'
export { NbdRequestError } from './nbd/client/transmission.ts'
export { eventToJson, printEvent } from './nbd/server/event-report.ts'
export {
  closeExports,
  type ExportOptions,
  type ExportRequest,
  openExports,
} from './nbd/server/export-list.ts'
export type { NbdExport } from './nbd/server/nbd-export.ts'
export { NbdServer, type NbdServerOptions } from './nbd/server/nbd-server.ts'
export type { Offer } from './nbd/server/negotiation.ts'
export type { ConnectionOrigin, ServerEvent } from './nbd/server/server-event.ts'
export { FileStorage } from './nbd/storage/file-storage.ts'
export { MemoryStorage } from './nbd/storage/memory-storage.ts'
export {
  type Storage,
  type StorageExtent,
  storageError,
  type ZeroOptions,
} from './nbd/storage/storage.ts'
export type { TlsMode } from './nbd/tls-mode.ts'
export type { SocketAddress } from './net/address.ts'
export type { ObjectDefinition } from './options/object-definition.ts'
export { dumpPolicy } from './policy/dump.ts'
export { type EffectivePolicy, evaluatePolicy } from './policy/effective-policy.ts'
export { type ParsedPolicy, type Policy, parsePolicy } from './policy/policy.ts'
export { PURPOSES, type PurposeName, purpose, type Scope, type ScopeSet } from './policy/scope.ts'
export { allowedTls, type Evaluation, evaluatePriority, type Outcome } from './priority/evaluate.ts'
export { explainPriority } from './priority/explain.ts'
export { type Resolution, resolvePriority, type Unresolved } from './priority/resolve.ts'
export { parseSystemConfig, type SystemConfig } from './priority/system-config.ts'
export { type AcceptOptions, acceptTls, type ConnectOptions, connectTls } from './tls/connection.ts'
export type {
  Authorization,
  AuthorizationDecision,
} from './tls/objects/authorization.ts'
export type {
  AcceptSessionOptions,
  ConnectSessionOptions,
  TlsCredentials,
} from './tls/objects/credentials.ts'
export { parseObject, parseObjects } from './tls/objects/parse-object.ts'
export type { ObjectReload, ReloadReport } from './tls/objects/reload-report.ts'
export { TlsObjects, type TlsObjectsContext, type WatchOptions } from './tls/objects/tls-objects.ts'
export type { TlsFacts, TlsPeer, TlsSession } from './tls/objects/tls-session.ts'
export { checkSession } from './tls/session-check.ts'
export {
  type PriorityTlsOptions,
  type TlsSettings,
  type TlsSettingsOptions,
  tlsOptionsFor,
} from './tls/tls-options.ts'
