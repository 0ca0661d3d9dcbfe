/** Every error of a host's endpoints, in one place. The messages are QEMU's, since its users look for them. */
import { type DiagnosticKind, defineKinds } from '../../diagnostics/diagnostic.ts'
import { didYouMean } from '../../diagnostics/suggestion.ts'
import { systemText } from '../../files/system-text.ts'

type Kind<Data> = DiagnosticKind<Data>

const propertyAbsent: Kind<{ type: string; name: string; known: readonly string[] }> = {
  code: 'MONITOR_PROPERTY_NOT_FOUND',
  severity: 'error',
  fault: 'usage',
  summary: 'An object does not have the property that was asked for.',
  message: ({ type, name }) => `Property '${type}.${name}' not found`,
  hint: ({ name, known }) => didYouMean(name, known) ?? `it has ${known.join(', ')}`,
}

const propertyFixed: Kind<{ type: string; name: string }> = {
  code: 'MONITOR_PROPERTY_NOT_WRITABLE',
  severity: 'error',
  fault: 'usage',
  summary: 'A property of an object cannot be changed.',
  message: ({ type, name }) => `Property '${type}.${name}' is not writable`,
}

const propertySecret: Kind<{ type: string; name: string }> = {
  code: 'MONITOR_PROPERTY_NOT_READABLE',
  severity: 'error',
  fault: 'permission',
  summary: 'A property holds a secret, so it is not shown.',
  message: ({ type, name }) => `Property '${type}.${name}' is not readable`,
}

const nodeInvalid: Kind<{ name: string; isTooLong: boolean }> = {
  code: 'MONITOR_NODE_INVALID_NAME',
  severity: 'error',
  fault: 'input',
  summary:
    'The name of a block node begins with a letter and has letters, digits, `-`, `.` and `_`; 31 characters at most.',
  message: ({ name, isTooLong }) =>
    isTooLong ? 'Node name too long' : `Invalid node-name: '${name}'`,
}

const nodeExists: Kind<{ name: string }> = {
  code: 'MONITOR_NODE_EXISTS',
  severity: 'error',
  fault: 'usage',
  summary: 'There is a block node of this name already.',
  message: ({ name }) => `Duplicate nodes with node-name='${name}'`,
}

const nodeUnnamed: Kind<object> = {
  code: 'MONITOR_NODE_UNNAMED',
  severity: 'error',
  fault: 'input',
  summary: 'A block node has no name, so nothing could use it.',
  message: () => "'node-name' must be specified for the root node",
}

const nodeAbsent: Kind<{ name: string; known: readonly string[] }> = {
  code: 'MONITOR_NODE_ABSENT',
  severity: 'error',
  fault: 'usage',
  summary: 'The block node that is to be removed is not there.',
  message: ({ name }) => `Failed to find node with node-name='${name}'`,
  hint: ({ name, known }) => didYouMean(name, known),
}

const nodeNotFound: Kind<{ name: string; device: string; known: readonly string[] }> = {
  code: 'MONITOR_NODE_NOT_FOUND',
  severity: 'error',
  fault: 'missing',
  summary: 'Something names a block node that is not there.',
  message: ({ name, device }) => `Cannot find device='${device}' nor node-name='${name}'`,
  hint: ({ name, known }) => didYouMean(name, known),
}

const nodeInUse: Kind<{ name: string }> = {
  code: 'MONITOR_NODE_IN_USE',
  severity: 'error',
  fault: 'answer',
  summary: 'Exports or other block nodes use the block node, so it is not removed.',
  message: ({ name }) => `Node ${name} is in use`,
}

const cannotOpen: Kind<{ path: string; error: unknown }> = {
  code: 'MONITOR_NODE_UNREADABLE',
  severity: 'error',
  fault: 'missing',
  summary: 'The file of a block node cannot be opened.',
  message: ({ path, error }) => `Could not open '${path}': ${systemText(error)}`,
}

const rangeBeyond: Kind<{ offset: number; size: number | undefined; available: number }> = {
  code: 'MONITOR_NODE_BEYOND',
  severity: 'error',
  fault: 'input',
  summary: 'The part of a block node that another node offers is not within it.',
  message: ({ offset, size, available }) =>
    size === undefined
      ? `Offset (${offset}) cannot be greater than size of the containing file (${available})`
      : `The sum of offset (${offset}) and size (${size}) has to be smaller or equal to the  actual size of the containing file (${available})`,
}

const serverRunning: Kind<object> = {
  code: 'MONITOR_NBD_RUNNING',
  severity: 'error',
  fault: 'usage',
  summary: 'The NBD server is to be started, and runs already.',
  message: () => 'NBD server already running',
}

const serverNotRunning: Kind<object> = {
  code: 'MONITOR_NBD_NOT_RUNNING',
  severity: 'error',
  fault: 'usage',
  summary: 'Something needs the NBD server, which does not run.',
  message: () => 'NBD server not running',
}

const portUnknown: Kind<{ host: string; port: string }> = {
  code: 'MONITOR_PORT_UNKNOWN',
  severity: 'error',
  fault: 'input',
  summary: 'A port is no number from 0 to 65535.',
  message: ({ host, port }) =>
    `address resolution failed for ${host}:${port}: Servname not supported for ai_socktype`,
}

const addressUnsupported: Kind<{ reason: string }> = {
  code: 'MONITOR_ADDRESS_UNSUPPORTED',
  severity: 'error',
  fault: 'input',
  summary: 'An address is of a kind that this program has no endpoints for.',
  message: ({ reason }) => reason,
}

const exportInvalidId: Kind<{ id: string }> = {
  code: 'MONITOR_EXPORT_INVALID_ID',
  severity: 'error',
  fault: 'input',
  summary: 'The id of an export begins with a letter and has letters, digits, `-`, `.` and `_`.',
  message: () => 'Invalid block export id',
}

const exportIdUsed: Kind<{ id: string }> = {
  code: 'MONITOR_EXPORT_ID_USED',
  severity: 'error',
  fault: 'usage',
  summary: 'There is an export with this id already.',
  message: ({ id }) => `Block export id '${id}' is already in use`,
}

const exportNotFound: Kind<{ id: string }> = {
  code: 'MONITOR_EXPORT_NOT_FOUND',
  severity: 'error',
  fault: 'usage',
  summary: 'There is no export with this id.',
  message: ({ id }) => `Export '${id}' is not found`,
}

const exportReadOnly: Kind<object> = {
  code: 'MONITOR_EXPORT_READ_ONLY',
  severity: 'error',
  fault: 'usage',
  summary: 'An export is to be writable, and its block node is not.',
  message: () => 'Cannot export read-only node as writable',
}

const bitmapAbsent: Kind<{ name: string; node?: string }> = {
  code: 'MONITOR_BITMAP_ABSENT',
  severity: 'error',
  fault: 'usage',
  summary: 'An export is to tell a bitmap. The nodes of this program have none.',
  message: ({ name, node }) =>
    node === undefined ? `Bitmap '${name}' is not found` : `Dirty bitmap '${name}' not found`,
}

const capabilityUnsupported: Kind<{ name: string }> = {
  code: 'MONITOR_CAPABILITY_UNSUPPORTED',
  severity: 'error',
  fault: 'input',
  summary: 'Guests that are stored and sent on cannot have a capability of migrations.',
  message: ({ name }) => `Migration capability '${name}' is not supported: guests are stored here`,
}

const capabilityNeeds: Kind<{ name: string; needs: string }> = {
  code: 'MONITOR_CAPABILITY_NEEDS',
  severity: 'error',
  fault: 'input',
  summary: 'A capability of migrations needs another one.',
  message: ({ name, needs }) => `${name} requires ${needs}`,
}

const parameterRange: Kind<{ name: string; words: string }> = {
  code: 'MONITOR_PARAMETER_RANGE',
  severity: 'error',
  fault: 'input',
  summary: 'A parameter of migrations is not within its range.',
  message: ({ name, words }) => `Parameter '${name}' expects ${words}`,
}

const migrationBusy: Kind<object> = {
  code: 'MONITOR_MIGRATION_BUSY',
  severity: 'error',
  fault: 'usage',
  summary: 'A guest is being sent.',
  message: () => "There's a migration process in progress",
}

const incomingUnplanned: Kind<object> = {
  code: 'MONITOR_INCOMING_UNPLANNED',
  severity: 'error',
  fault: 'usage',
  summary: 'A guest is to be received, and the process was not told where to store guests.',
  message: () => "'-incoming' was not specified on the command line",
}

const incomingStarted: Kind<object> = {
  code: 'MONITOR_INCOMING_STARTED',
  severity: 'error',
  fault: 'usage',
  summary: 'A guest is waited for already.',
  message: () => 'The incoming migration has already been started',
}

const incomingAwaited: Kind<object> = {
  code: 'MONITOR_INCOMING_AWAITED',
  severity: 'error',
  fault: 'usage',
  summary: 'A guest is to be sent while one is waited for.',
  message: () => 'Guest is waiting for an incoming migration',
}

const incomingAbsent: Kind<object> = {
  code: 'MONITOR_INCOMING_ABSENT',
  severity: 'error',
  fault: 'usage',
  summary: 'A guest is to be passed on as it comes, and none is waited for.',
  message: () => 'No guest is waited for that could be passed on',
  hint: () => 'migrate-incoming says where it is waited for',
}

const incomingBegun: Kind<object> = {
  code: 'MONITOR_INCOMING_BEGUN',
  severity: 'error',
  fault: 'usage',
  summary: 'A guest is to be passed on, and a part of it was received and stored already.',
  message: () => 'The guest comes already, and is stored',
  hint: () => 'pass it on before its source begins, or send it on when it is stored',
}

const noGuest: Kind<{ path: string | undefined }> = {
  code: 'MONITOR_NO_GUEST',
  severity: 'error',
  fault: 'missing',
  summary: 'A guest is to be sent, and none is stored.',
  message: ({ path }) =>
    path === undefined ? 'no guest is stored here' : `no guest is stored at ${path}`,
  hint: () => 'receive one by migrate-incoming',
}

/** Errors by the name the code uses; docs/errors.md lists them by code. */
export const HOST_KINDS = defineKinds({
  propertyAbsent,
  propertyFixed,
  propertySecret,
  nodeInvalid,
  nodeExists,
  nodeUnnamed,
  nodeAbsent,
  nodeNotFound,
  nodeInUse,
  cannotOpen,
  rangeBeyond,
  serverRunning,
  serverNotRunning,
  portUnknown,
  addressUnsupported,
  exportInvalidId,
  exportIdUsed,
  exportNotFound,
  exportReadOnly,
  bitmapAbsent,
  capabilityUnsupported,
  capabilityNeeds,
  parameterRange,
  migrationBusy,
  incomingUnplanned,
  incomingStarted,
  incomingAwaited,
  incomingAbsent,
  incomingBegun,
  noGuest,
})
