/** The directions of imports, as one table. `npm run check` holds src/ against it. */
import type { IForbiddenRuleType } from 'dependency-cruiser'

/** What the files of each folder of src/ may import of the other folders. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  cache: [],
  diagnostics: ['cache'],
  arguments: ['diagnostics'],
  algorithms: [],
  wire: [],
  files: ['diagnostics'],
  net: ['diagnostics', 'arguments', 'files'],
  asn1: ['diagnostics'],
  options: ['diagnostics'],
  policy: ['cache', 'diagnostics', 'arguments', 'algorithms'],
  priority: ['cache', 'diagnostics', 'arguments', 'algorithms'],
  report: ['diagnostics', 'algorithms', 'policy', 'priority'],
  backends: ['cache', 'diagnostics', 'algorithms', 'policy', 'priority'],
  system: ['cache', 'diagnostics', 'algorithms', 'policy', 'priority', 'files', 'backends'],
  x509: ['cache', 'wire', 'diagnostics', 'algorithms', 'priority', 'files', 'asn1'],
  tls: [
    'cache',
    'wire',
    'arguments',
    'diagnostics',
    'algorithms',
    'priority',
    'files',
    'asn1',
    'options',
    'x509',
    'net',
  ],
  pki: [
    'arguments',
    'wire',
    'diagnostics',
    'algorithms',
    'priority',
    'files',
    'asn1',
    'options',
    'x509',
    'tls',
    'net',
  ],
  endpoint: [
    ...['diagnostics', 'arguments', 'algorithms', 'files', 'wire', 'net', 'options', 'x509', 'tls'],
  ],
  service: ['diagnostics', 'files', 'net', 'options', 'tls', 'endpoint'],
  transfer: ['diagnostics', 'files'],
  nbd: [
    ...['diagnostics', 'algorithms', 'priority', 'wire', 'net', 'files', 'asn1', 'options', 'x509'],
    ...['arguments', 'tls', 'endpoint', 'service', 'transfer'],
  ],
  migration: [
    ...['diagnostics', 'files', 'wire', 'transfer', 'arguments', 'net', 'algorithms', 'priority'],
    ...['report', 'options', 'x509', 'tls', 'endpoint', 'service'],
  ],
  audit: [
    ...['cache', 'diagnostics', 'arguments', 'algorithms', 'wire', 'net', 'files', 'asn1', 'x509'],
    ...['policy', 'priority', 'backends', 'report', 'nbd/protocol'],
  ],
  monitor: [
    ...['diagnostics', 'arguments', 'files', 'net', 'options', 'transfer', 'tls', 'endpoint'],
    ...['service', 'nbd', 'migration', 'chardev'],
  ],
  chardev: [...['diagnostics', 'arguments', 'files', 'net', 'options', 'tls', 'endpoint']],
  cli: ['*'],
  library: ['*'],
}

/** These compute and do nothing else: they import no module of Node but node:buffer. */
const PURE = [
  ...[
    'cache',
    'diagnostics',
    'arguments',
    'algorithms',
    'wire',
    'asn1',
    'options',
    'policy',
    'priority',
    'report',
  ],
  ...['backends', 'nbd/protocol', 'migration/stream', 'audit/messages', 'audit/ssh/messages'],
  ...['monitor/protocol', 'monitor/schema'],
]

/** Folders within a folder that may import less than it. */
const MAY_IMPORT_WITHIN: Readonly<Record<string, readonly string[]>> = {
  'nbd/protocol': ['wire'],
  'migration/stream': ['wire', 'diagnostics'],
  'audit/ssh/messages': ['wire'],
  'monitor/protocol': [],
  'monitor/schema': ['monitor/protocol'],
  'audit/messages': ['wire', 'algorithms'],
}

const folders = Object.keys(MAY_IMPORT)

/** A rule for dependency-cruiser: files of a folder import it and what its row names. */
function direction(folder: string, allowed: readonly string[]): IForbiddenRuleType {
  const others = allowed.includes('*') ? folders : [folder, ...allowed]
  return {
    name: `${folder}-imports`,
    comment: `src/${folder} may import ${allowed.join(', ') || 'nothing of src'}.`,
    severity: 'error',
    from: { path: `^src/${folder}/` },
    to: { path: '^src/', pathNot: `^src/(${others.join('|')})/` },
  }
}

/** Rules of dependency-cruiser. */
export const FORBIDDEN_IMPORTS: IForbiddenRuleType[] = [
  ...Object.entries({ ...MAY_IMPORT, ...MAY_IMPORT_WITHIN }).map(([folder, allowed]) =>
    direction(folder, allowed),
  ),
  {
    name: 'folder-without-a-row',
    comment: 'Each folder of src/ has a row in the table of import-directions.ts.',
    severity: 'error',
    from: { path: '^src/[^/]+/', pathNot: `^src/(${folders.join('|')})/` },
    to: {},
  },
  {
    name: 'pure',
    comment: 'A pure folder imports no module of Node but node:buffer.',
    severity: 'error',
    from: { path: `^src/(${PURE.join('|')})/` },
    to: { dependencyTypes: ['core'], pathNot: '^(node:)?buffer$' },
  },
  {
    name: 'tls-alone-imports-node-tls',
    comment: 'Every TLS session obeys the policy. Only src/tls makes sessions.',
    severity: 'error',
    from: { path: '^src/', pathNot: '^src/tls/' },
    to: { path: '^(node:)?(tls|https)$' },
  },
  {
    name: 'no-cycle-of-files',
    comment: 'Move what both need into a file of its own.',
    severity: 'error',
    from: { path: '^src/' },
    to: { circular: true },
  },
]
