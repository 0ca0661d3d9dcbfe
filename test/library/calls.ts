/** Each call of the library with arguments that are right, to be made wrong one at a time. */
import { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import * as library from '../../src/index.ts'
import * as pki from '../../src/library/pki.ts'
import * as qmp from '../../src/library/qmp.ts'

/** What no parameter takes, but for those that say so. */
export const WRONG = {
  undefined,
  null: null,
  NaN: Number.NaN,
  '-1': -1,
  '2^53': 2 ** 53,
  "''": '',
  '{}': {},
  '[]': [],
  true: true,
  symbol: Symbol('wrong'),
} as const

export type Wrong = keyof typeof WRONG

/** What a parameter takes beside its value, of what is tried. */
export type Parameter = {
  readonly name: string
  readonly value: unknown
  readonly isOptional?: boolean
  /** Its keys are listed by the library: others are refused. */
  readonly isOptions?: boolean
  /** What is not wrong although the table of wrong values has it. */
  readonly takes?: readonly Wrong[]
}

export type Call = {
  readonly parameters: readonly Parameter[]
  readonly call: (...args: never) => unknown
}

const required = (name: string, value: unknown, takes: readonly Wrong[] = []): Parameter => ({
  ...{ name, value, takes },
})
const text = (name: string, value: string): Parameter => required(name, value, ["''"])
const options = (name: string, value: object): Parameter => ({ name, value, isOptions: true })
const optional = (name: string, value: object): Parameter => ({
  ...{ name, value, isOptions: true, isOptional: true, takes: ['{}'] },
})

const call = (run: (...args: never) => unknown, ...parameters: readonly Parameter[]): Call => ({
  call: run,
  parameters,
})

const policy = library.parsePolicy('A', ['cipher = AES-256-GCM\n']).policy
const config = library.parseSystemConfig('')
const evaluation = library.requirePriority('NORMAL')
const conversion = library.convertPriority(evaluation, 'openssl')
const allowed = library.allowedTls(evaluation)
const missing = library.resolvePriority('@NOWHERE')
const outcome = library.evaluatePriority('NORMAL:-RSAA')
const failure = outcome.ok ? undefined : outcome.failure
const source = { name: 'a.txt', text: 'text' }
const span = { source, start: 0, end: 1 }
const settings = library.tlsOptionsFor('NORMAL', { role: 'client' })
const serverSettings = library.tlsOptionsFor('NORMAL', { role: 'server' })
const diagnostic = { code: 'A', severity: 'error', fault: 'input', message: 'm', hint: 'h', span }
const event = { connection: 1, from: 'unix', event: 'connected' }
const style = { severity: String, caret: String, hint: String }
const strength = { evaluation, config }
const stream = (): Duplex => new Duplex({ read() {}, write: (_a, _b, done) => done() })
const definition = { type: 'secret', id: 'sec0', properties: { data: 'x' } }
const context = { config, readConfig: () => config, release: '3.8.9' }
const priority: Parameter = { name: 'priority', value: 'NORMAL', isOptional: true, takes: ["''"] }

const evaluateOptions = (isOptional = true): Parameter => ({
  ...options('options', { config, release: '3.8.9' }),
  ...(isOptional ? { isOptional, takes: ['{}'] } : { takes: ['{}'] }),
})

/** By the name of the export. */
export const FUNCTIONS: Readonly<Record<string, Call>> = {
  parsePolicy: call(
    library.parsePolicy,
    text('name', 'A'),
    required('texts', ['hash = SHA1'], ['[]']),
  ),
  evaluatePolicy: call(library.evaluatePolicy, required('policy', policy), {
    ...{ name: 'scopes', value: new Set(['tls']), isOptional: true },
  }),
  allowedByPolicy: call(
    library.allowedByPolicy,
    required('policy', policy),
    required('purposeName', 'gnutls'),
  ),
  compareAllowed: call(
    library.compareAllowed,
    required('first', allowed),
    required('second', allowed),
  ),
  isLooser: call(
    library.isLooser,
    required('difference', library.compareAllowed(allowed, allowed)),
  ),
  comparePolicies: call(
    library.comparePolicies,
    required('before', policy),
    required('after', policy),
  ),
  dumpPolicy: call(library.dumpPolicy, required('policy', policy)),
  explainValue: call(
    library.explainValue,
    required('policy', policy),
    required('scopes', new Set()),
    required('property', 'cipher'),
    text('value', 'AES-256-GCM'),
    optional('options', { includeUnselected: true }),
  ),
  explainProperty: call(
    library.explainProperty,
    required('policy', policy),
    required('scopes', new Set()),
    required('property', 'cipher'),
  ),
  purpose: call(library.purpose, required('name', 'gnutls')),
  findBackend: call(library.findBackend, text('name', 'java')),
  'Backend.generate': call(
    (value: never) => library.BACKENDS[0]?.generate(value),
    required('policy', policy),
  ),
  parseSystemConfig: call(library.parseSystemConfig, text('text', '')),
  resolvePriority: call(library.resolvePriority, priority, evaluateOptions()),
  evaluatePriority: call(library.evaluatePriority, priority, evaluateOptions()),
  requirePriority: call(library.requirePriority, priority, evaluateOptions()),
  explainPriority: call(library.explainPriority, priority, evaluateOptions()),
  isResolved: call(library.isResolved, required('result', missing)),
  allowedTls: call(library.allowedTls, required('evaluation', evaluation)),
  diagnoseUnresolved: call(
    library.diagnoseUnresolved,
    required('unresolved', missing),
    evaluateOptions(),
  ),
  diagnoseFailure: call(library.diagnoseFailure, required('failure', failure), evaluateOptions()),
  warnAboutPriority: call(library.warnAboutPriority, required('evaluation', evaluation)),
  convertPriority: call(
    library.convertPriority,
    required('evaluation', evaluation),
    required('target', 'openssl'),
    optional('releases', { openssl: '3.5', jdk: '21', nss: '3.110', go: '1.24' }),
  ),
  convertFromOpenssl: call(
    library.convertFromOpenssl,
    text('list', 'HIGH:!aNULL'),
    optional('options', { gnutls: '3.8.9', openssl: '3.5', settings: {}, isBrief: true }),
  ),
  diagnoseConversion: call(library.diagnoseConversion, required('conversion', conversion)),
  exactnessOf: call(library.exactnessOf, required('conversion', conversion)),
  printDiagnostic: call(library.printDiagnostic, required('diagnostic', diagnostic), {
    ...options('style', style),
    isOptional: true,
  }),
  formatLocation: call(library.formatLocation, required('span', span)),
  locate: call(library.locate, required('source', source), required('offset', 0)),
  tlsOptionsFor: call(
    library.tlsOptionsFor,
    text('priority', 'NORMAL'),
    options('options', { role: 'client', config, release: '3.8.9', credentials: 'x509' }),
  ),
  parseObject: call(library.parseObject, text('text', 'secret,id=a,data=b'), {
    ...{ name: 'name', value: '--object', isOptional: true, takes: ["''"] },
  }),
  parseObjects: call(library.parseObjects, required('source', { name: 'a', text: '[]' }, ["''"])),
  checkSession: call(
    library.checkSession,
    required('socket', new TLSSocket(stream() as never)),
    required('settings', settings),
  ),
  acceptTls: call(
    (...args) => library.acceptTls(...(args as Parameters<typeof library.acceptTls>)),
    required('connection', stream()),
    required('settings', serverSettings),
    { ...required('options', { handshakeTimeout: 1, requestCert: true }), takes: ['{}'] },
  ),
  connectTls: call(
    (...args) => library.connectTls(...(args as Parameters<typeof library.connectTls>)),
    required('connection', stream()),
    required('settings', settings),
    { ...required('options', { handshakeTimeout: 1, rejectUnauthorized: true }), takes: ['{}'] },
  ),
  'TlsObjects.create': call(
    (...args) =>
      library.TlsObjects.create(...(args as Parameters<typeof library.TlsObjects.create>)),
    required('definitions', [definition], ['[]']),
    optional('context', context),
  ),
}

const address = { kind: 'tcp', host: 'localhost', port: 1 }
const { signal } = new AbortController()
const clientOptions = {
  tls: { mode: 'off' },
  warn: () => {},
  timeout: 1,
  maximumInFlight: 1,
  signal,
}
const storage = new library.MemoryStorage(4096)
const served = { name: '', description: 'x', storage, isReadOnly: false, isShared: true }
const exports = new library.ExportRegistry([served])
const security = { tlsMode: 'off', secure: () => {} }

export const NBD_FUNCTIONS: Readonly<Record<string, Call>> = {
  parseNbdUri: call(library.parseNbdUri, text('text', 'nbd://localhost')),
  printEvent: call(library.printEvent, required('event', event)),
  eventToJson: call(library.eventToJson, required('event', event), required('at', new Date(0))),
  storageError: call(library.storageError, required('code', 'EIO'), text('message', 'x')),
  'NbdClient.connect': call(
    (...args) =>
      library.NbdClient.connect(...(args as Parameters<typeof library.NbdClient.connect>)),
    options('address', address),
    text('name', ''),
    optional('options', clientOptions),
  ),
  describeExport: call(
    library.describeExport,
    options('address', address),
    text('name', ''),
    optional('options', clientOptions),
  ),
  listServer: call(
    library.listServer,
    options('address', { kind: 'unix', path: '/nowhere' }),
    optional('options', { ...clientOptions, detail: true }),
  ),
  openExports: call(
    library.openExports,
    required('requests', [{ name: '', description: 'x', from: { memory: 1 } }], ['[]']),
    options('options', { isReadOnly: false, isShared: true }),
  ),
  closeExports: call(library.closeExports, required('exports', [served], ['[]'])),
  ExportRegistry: call((value: never) => new library.ExportRegistry(value), {
    ...required('exports', [served], ['[]']),
    isOptional: true,
  }),
  NbdServer: call(
    (value: never) => new library.NbdServer(value),
    options('options', {
      ...{ exports, security, connectionLimit: 1, memoryLimit: 1, handshakeLimit: 1, idleLimit: 1 },
      ...{ onEvent: () => {}, onDeserted: () => {}, traffic: new library.Traffic() },
    }),
  ),
  MemoryStorage: call((value: never) => new library.MemoryStorage(value), required('size', 1)),
  'FileStorage.open': call(
    (...args) => library.FileStorage.open(...(args as Parameters<typeof library.FileStorage.open>)),
    required('path', '/nowhere'),
    options('options', { readOnly: true }),
  ),
}

const range = [required('offset', 0), required('length', 1)]
const buffer = Buffer.alloc(16)
const server = new library.NbdServer({
  exports: new library.ExportRegistry(),
  security: library.NO_TLS,
})
const flags = { durable: true }

/** The methods of what both storages are, of a storage. */
export const storageMethods = (of: library.Storage): Readonly<Record<string, Call>> => ({
  readNow: call(
    of.readNow.bind(of),
    required('target', buffer),
    required('at', 0),
    required('length', 1),
    required('offset', 0),
  ),
  read: call(
    of.read.bind(of),
    required('target', buffer),
    required('at', 0),
    required('length', 1),
    required('offset', 0),
  ),
  write: call(of.write.bind(of), required('parts', [buffer], ['[]']), required('offset', 0)),
  trim: call(of.trim.bind(of), ...range),
  zero: call(of.zero.bind(of), ...range, options('options', { keepAllocated: true, fast: false })),
  extents: call(of.extents.bind(of), ...range, required('limit', 1)),
})

export const clientMethods = (client: library.NbdClient): Readonly<Record<string, Call>> => ({
  can: call(client.can.bind(client), required('flag', 'SEND_TRIM')),
  read: call(client.read.bind(client), ...range, {
    ...{ name: 'given', value: Buffer.alloc(1), isOptional: true },
  }),
  write: call(
    client.write.bind(client),
    required('offset', 0),
    required('data', buffer),
    optional('options', flags),
  ),
  trim: call(client.trim.bind(client), ...range, optional('options', flags)),
  zero: call(
    client.zero.bind(client),
    ...range,
    optional('options', { ...flags, keep: true, fast: false }),
  ),
  cache: call(client.cache.bind(client), ...range),
  blockStatus: call(client.blockStatus.bind(client), ...range),
})

export const EXPORT_METHODS: Readonly<Record<string, Call>> = {
  find: call(exports.find.bind(exports), text('name', 'x')),
  add: call(exports.add.bind(exports), options('served', { ...served, name: 'other' })),
  remove: call(exports.remove.bind(exports), text('name', 'x'), {
    ...{ name: 'mode', value: 'safe', isOptional: true },
  }),
  use: call(
    exports.use.bind(exports),
    options('served', served),
    required('disconnect', () => {}),
  ),
}

export const SERVER_METHODS: Readonly<Record<string, Call>> = {
  listen: call(
    server.listen.bind(server) as (...args: never) => unknown,
    options('options', { host: 'localhost', port: 0, backlog: 1, exclusive: true }),
  ),
  serve: call(server.serve.bind(server), required('socket', stream()), text('from', 'x')),
  drain: call(server.drain.bind(server), required('limit', 0)),
}

const objects = library.TlsObjects.create([
  { type: 'secret', id: 'sec0', properties: { data: 'x' } },
])

export const OBJECT_METHODS: Readonly<Record<string, Call>> = {
  credentials: call(
    objects.credentials.bind(objects),
    text('id', 'x'),
    required('endpoint', 'client'),
  ),
  authorization: call(objects.authorization.bind(objects), text('id', 'x')),
  add: call(
    objects.add.bind(objects),
    options('definition', { type: 'secret', id: 'sec1', properties: { data: 'x' } }),
  ),
  redefine: call(
    objects.redefine.bind(objects),
    options('definition', { type: 'secret', id: 'sec0', properties: { data: 'x' } }),
  ),
  remove: call(objects.remove.bind(objects), text('id', 'x'), {
    ...{ name: 'mode', value: 'safe', isOptional: true },
  }),
  hold: call(objects.hold.bind(objects), text('id', 'x')),
  watch: call(
    objects.watch.bind(objects),
    required('onReload', () => {}),
    optional('options', {
      ...{ quiet: 1, interval: 1, patience: 1, retryAfter: 1 },
    }),
  ),
}

const layout = pki.layoutAt('qemu', '/nowhere')
const key = { type: 'rsa', bits: 3072 }
const pair = { role: 'client', paths: { certificate: '/a', key: '/b' } }
const signing = { layout, out: layout, strength, days: 1, key, passphrase: 'x', now: new Date(0) }
const name = { organization: 'x', commonName: 'x' }

/** Those of the part for character devices. */
export const CHARDEV_FUNCTIONS: Readonly<Record<string, Call>> = {
  parseChardev: call(
    library.parseChardev,
    text('text', 'null,id=n'),
    optional('options', { name: 'x', id: 'x', isServer: true }),
  ),
  openChardevs: call(
    library.openChardevs,
    optional('options', {
      ...{ objects, handshakeLimit: 1, clientLimit: 1, socketMode: 0o600, onEvent: () => {} },
    }),
  ),
}

/** Those of the part for monitors. */
export const QMP_FUNCTIONS: Readonly<Record<string, Call>> = {
  openMonitor: call(
    qmp.openMonitor,
    required('address', { kind: 'unix', path: '/nowhere/monitor.sock' }),
    optional('options', {
      ...{ timeout: 1, hostname: 'x', onEvent: () => {}, credentials: { connect: () => {} } },
    }),
  ),
}

/** Those of the part that has a path alone. */
export const PKI_FUNCTIONS: Readonly<Record<string, Call>> = {
  layoutAt: call(pki.layoutAt, required('name', 'qemu'), required('root', '/x')),
  findLayout: call(pki.findLayout, required('root', '/x')),
  listPairs: call(pki.listPairs, required('layout', layout)),
  parseDnsName: call(pki.parseDnsName, text('text', 'a.example')),
  parseAddress: call(pki.parseAddress, text('text', '192.0.2.1')),
  parseKeyRequest: call(pki.parseKeyRequest, text('text', 'rsa')),
  formatKeyKind: call(pki.formatKeyKind, options('kind', key)),
  createAuthority: call(
    pki.createAuthority,
    options('request', {
      ...{ layout, strength, subject: name, days: 1, key, passphrase: 'x', force: true },
      ...{ parent: { layout, passphrase: 'x' }, now: new Date(0) },
    }),
  ),
  issueIdentity: call(
    pki.issueIdentity,
    options('request', {
      ...{ ...signing, role: 'client', identity: 0, hosts: [], keyPassphrase: 'x', force: true },
      ...name,
    }),
  ),
  renewIdentity: call(
    pki.renewIdentity,
    options('request', { ...signing, pair, newKey: true, keyPassphrase: 'x' }),
  ),
  checkCredentials: call(
    pki.checkCredentials,
    options('request', {
      ...{ root: '/x', strength, days: 1, hostname: 'x', passphrase: 'x', now: new Date(0) },
    }),
  ),
  replacePsk: call(pki.replacePsk, options('request', { folder: '/x', user: 'x', bits: 256 })),
}
