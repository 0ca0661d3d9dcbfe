/**
 * The tables of docs/errors.md, made from the catalogues of errors.
 *
 * `npm run docs:errors` writes them between the marks of the page; what stands around them is
 * written by hand.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ARGUMENT_KINDS } from '../../src/arguments/argument-diagnostics.ts'
import { PEM_KINDS } from '../../src/asn1/pem-diagnostics.ts'
import { AUDIT_KINDS } from '../../src/audit/scan/audit-diagnostics.ts'
import { LOOSENESS_KINDS } from '../../src/backends/looseness/looseness-diagnostics.ts'
import { CHARDEV_KINDS } from '../../src/chardev/chardev-diagnostics.ts'
import { DEFINITION_KINDS } from '../../src/chardev/definition/definition-diagnostics.ts'
import { CLI_KINDS } from '../../src/cli/cli-diagnostics.ts'
import { EXIT, exitStatusOf } from '../../src/cli/exit-codes.ts'
import type { DiagnosticKind } from '../../src/diagnostics/diagnostic.ts'
import { ENDPOINT_KINDS } from '../../src/endpoint/endpoint-diagnostics.ts'
import { FILE_KINDS } from '../../src/files/file-diagnostics.ts'
import { ADDRESS_KINDS } from '../../src/migration/address/address-diagnostics.ts'
import { MIGRATION_KINDS } from '../../src/migration/migration-diagnostics.ts'
import { PREFLIGHT_KINDS } from '../../src/migration/preflight/preflight-diagnostics.ts'
import { RECEIVE_KINDS } from '../../src/migration/receive/receive-diagnostics.ts'
import { RELAY_KINDS } from '../../src/migration/relay/relay-diagnostics.ts'
import { SEND_KINDS } from '../../src/migration/send/send-diagnostics.ts'
import { STREAM_KINDS } from '../../src/migration/stream/stream-diagnostics.ts'
import { QMP_CLIENT_KINDS } from '../../src/monitor/client/client-diagnostics.ts'
import { FILE_DIAGNOSTIC_KINDS } from '../../src/monitor/file/file-diagnostics.ts'
import { HOST_KINDS } from '../../src/monitor/host/host-diagnostics.ts'
import { METRICS_KINDS } from '../../src/monitor/metrics/metrics-diagnostics.ts'
import { MONITOR_KINDS } from '../../src/monitor/server/monitor-diagnostics.ts'
import { NBD_CLIENT_KINDS } from '../../src/nbd/client/nbd-client-diagnostics.ts'
import { COPY_KINDS } from '../../src/nbd/copy/copy-diagnostics.ts'
import { EXPORT_KINDS } from '../../src/nbd/exports/export-diagnostics.ts'
import { NBD_SERVER_KINDS } from '../../src/nbd/server/server-diagnostics.ts'
import { NET_KINDS } from '../../src/net/net-diagnostics.ts'
import { OPTION_KINDS } from '../../src/options/option-diagnostics.ts'
import { PKCS12_KINDS } from '../../src/pki/pkcs12/pkcs12-diagnostics.ts'
import { PKI_KINDS } from '../../src/pki/pki-diagnostics.ts'
import { APPLICATION_KINDS } from '../../src/policy/application/application-diagnostics.ts'
import { LINT_KINDS } from '../../src/policy/lint/lint-diagnostics.ts'
import { POLICY_KINDS } from '../../src/policy/policy-diagnostics.ts'
import { CIPHER_LIST_KINDS } from '../../src/priority/cipher-list/cipher-list-diagnostics.ts'
import { CONFIG_KINDS } from '../../src/priority/config-diagnostics.ts'
import { CONVERT_KINDS } from '../../src/priority/convert/convert-diagnostics.ts'
import { PRIORITY_KINDS } from '../../src/priority/priority-diagnostics.ts'
import { SERVICE_KINDS } from '../../src/service/service-diagnostics.ts'
import { DROP_IN_KINDS } from '../../src/system/drop-in-checks/drop-in-diagnostics.ts'
import { SYSTEM_KINDS } from '../../src/system/system-diagnostics.ts'
import { OBJECT_KINDS } from '../../src/tls/object-diagnostics.ts'
import { SESSION_KINDS } from '../../src/tls/session-diagnostics.ts'
import { TLS_KINDS } from '../../src/tls/tls-diagnostics.ts'
import { X509_KINDS } from '../../src/x509/x509-diagnostics.ts'

type Kind = DiagnosticKind<never>

/** Every catalogue, by the name that its mark has in the page. */
export const CATALOGUES: Readonly<Record<string, readonly Kind[]>> = {
  policy: Object.values(POLICY_KINDS),
  application: Object.values(APPLICATION_KINDS),
  files: Object.values(FILE_KINDS),
  system: [...Object.values(SYSTEM_KINDS), ...Object.values(DROP_IN_KINDS)],
  lint: Object.values(LINT_KINDS),
  backends: Object.values(LOOSENESS_KINDS),
  priority: Object.values(PRIORITY_KINDS),
  config: Object.values(CONFIG_KINDS),
  convert: [...Object.values(CONVERT_KINDS), ...Object.values(CIPHER_LIST_KINDS)],
  tls: [...Object.values(TLS_KINDS), ...Object.values(X509_KINDS), ...Object.values(PEM_KINDS)],
  objects: [...Object.values(OBJECT_KINDS), ...Object.values(OPTION_KINDS)],
  session: Object.values(SESSION_KINDS),
  pki: [...Object.values(PKI_KINDS), ...Object.values(PKCS12_KINDS)],
  'nbd-client': [
    ...Object.values(NET_KINDS),
    ...Object.values(NBD_CLIENT_KINDS),
    ...Object.values(COPY_KINDS),
  ],
  'nbd-server': [
    ...Object.values(NBD_SERVER_KINDS),
    ...Object.values(EXPORT_KINDS),
    ...Object.values(ENDPOINT_KINDS),
    ...Object.values(SERVICE_KINDS),
  ],
  migration: [
    ...Object.values(STREAM_KINDS),
    ...Object.values(MIGRATION_KINDS),
    ...Object.values(ADDRESS_KINDS),
    ...Object.values(PREFLIGHT_KINDS),
    ...Object.values(RECEIVE_KINDS),
    ...Object.values(RELAY_KINDS),
    ...Object.values(SEND_KINDS),
  ],
  monitor: [
    ...Object.values(HOST_KINDS),
    ...Object.values(MONITOR_KINDS),
    ...Object.values(METRICS_KINDS),
    ...Object.values(QMP_CLIENT_KINDS),
    ...Object.values(FILE_DIAGNOSTIC_KINDS),
  ],
  chardev: [...Object.values(DEFINITION_KINDS), ...Object.values(CHARDEV_KINDS)],
  audit: Object.values(AUDIT_KINDS),
  cli: [...Object.values(CLI_KINDS), ...Object.values(ARGUMENT_KINDS)],
}

const PAGE = join(import.meta.dirname, '..', '..', 'docs', 'errors.md')

/** The lines of one catalogue, sorted by code. */
export function renderTable(kinds: readonly Kind[]): string {
  const rows = kinds
    .toSorted((a, b) => (a.code < b.code ? -1 : 1))
    .map((kind) => `| \`${kind.code}\` | ${kind.severity} | ${statusOf(kind)} | ${cell(kind)} |`)
  return ['| code | severity | exit | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n')
}

/** The page with every table made anew. */
export function renderPage(page: string): string {
  let text = page
  for (const [name, kinds] of Object.entries(CATALOGUES)) {
    const marks = new RegExp(`(<!-- ${name} -->)\n.*?(<!-- end -->)`, 's')
    text = text.replace(marks, (_, start, end) => `${start}\n${renderTable(kinds)}\n${end}`)
  }
  return text
}

/** The status of `cryptopolicy` where it is the first error; none for warnings and notes. */
function statusOf({ code, severity, fault }: Kind): string {
  if (severity !== 'error') return ''
  if (code === CLI_KINDS.internal.code) return String(EXIT.internal)
  return String(exitStatusOf([{ code, severity, fault, message: '' }]))
}

function cell({ summary }: Kind): string {
  return summary.replaceAll('|', '\\|')
}

if (import.meta.main) writeFileSync(PAGE, renderPage(readFileSync(PAGE, 'utf8')))
