/** Every error in the bytes of a migration, in one place. */
import {
  type Diagnostic,
  DiagnosticError,
  type DiagnosticKind,
  defineKinds,
  diagnose,
} from '../../diagnostics/diagnostic.ts'

type Kind<Data> = DiagnosticKind<Data>

/** Where bytes are wrong, and what should be there. */
export type StreamFault = {
  /** The first wrong byte, counted from the beginning of the file or the connection. */
  readonly offset: number
  /** The part of the stream that was read: `section ram`, `command PING`. */
  readonly section: string
  readonly expected: string
  readonly found?: string
}

const foundText = ({ found }: StreamFault): string =>
  found === undefined ? '' : `, found ${found}`

const notAStream: Kind<StreamFault> = {
  code: 'MIGRATION_NOT_A_STREAM',
  severity: 'error',
  fault: 'input',
  summary: 'The bytes are no migration of QEMU: neither its main channel nor one of the others.',
  message: (fault) =>
    `byte ${fault.offset}: not a migration stream: expected ${fault.expected}${foundText(fault)}`,
  hint: () => 'where the stream begins later in the file, say so with --offset',
}

const malformed: Kind<StreamFault> = {
  code: 'MIGRATION_STREAM_MALFORMED',
  severity: 'error',
  fault: 'input',
  summary:
    'The bytes of a migration are not as QEMU sends them. The message says where, in which section, and what was expected.',
  message: (fault) =>
    `byte ${fault.offset}, ${fault.section}: expected ${fault.expected}${foundText(fault)}`,
}

const cut: Kind<StreamFault> = {
  code: 'MIGRATION_STREAM_CUT',
  severity: 'error',
  fault: 'input',
  summary:
    'The bytes of a migration end before the end that QEMU writes. The guest in them is not whole.',
  message: (fault) =>
    `byte ${fault.offset}, ${fault.section}: the stream is cut here: expected ${fault.expected}`,
}

const beyondLimit: Kind<StreamFault> = {
  code: 'MIGRATION_STREAM_LIMIT',
  severity: 'error',
  fault: 'input',
  summary: 'A number in the stream is larger than any that QEMU sends, so reading ended there.',
  message: (fault) =>
    `byte ${fault.offset}, ${fault.section}: expected ${fault.expected}${foundText(fault)}`,
}

const sizesDiffer: Kind<StreamFault> = {
  code: 'MIGRATION_DESCRIPTION_MISMATCH',
  severity: 'error',
  fault: 'input',
  summary:
    'The description at the end of the stream says other sizes of the devices than the stream has.',
  message: (fault) =>
    `byte ${fault.offset}, ${fault.section}: the description says ${fault.expected}${foundText(fault)}`,
}

const noDescription: Kind<{ offset: number }> = {
  code: 'MIGRATION_NO_DESCRIPTION',
  severity: 'warning',
  fault: 'input',
  summary:
    'The stream ends without the description of its devices, as it does after post-copy and with `suppress-vmdesc`. The ends of the devices could not be checked.',
  message: ({ offset }) =>
    `byte ${offset}: no description follows the end: the sizes of the devices could not be checked`,
}

const trailingBytes: Kind<{ offset: number; count: number }> = {
  code: 'MIGRATION_TRAILING_BYTES',
  severity: 'warning',
  fault: 'input',
  summary: 'Bytes follow the whole stream. QEMU does not read them.',
  message: ({ offset, count }) => `byte ${offset}: ${count} bytes follow the end of the stream`,
}

/** Errors by the name the code uses; docs/errors.md lists them by code. */
export const STREAM_KINDS = defineKinds({
  notAStream,
  malformed,
  cut,
  beyondLimit,
  sizesDiffer,
  noDescription,
  trailingBytes,
})

type FaultKind = 'notAStream' | 'malformed' | 'cut' | 'beyondLimit' | 'sizesDiffer'

/** A fault as a diagnostic, with its place as data for programs. */
function diagnoseFault(kind: FaultKind, fault: StreamFault): Diagnostic {
  return { ...diagnose(STREAM_KINDS[kind], fault), data: { found: null, ...fault } }
}

/** Refuses the bytes of a stream. */
export function refuseStream(kind: FaultKind, fault: StreamFault): never {
  throw new DiagnosticError([diagnoseFault(kind, fault)])
}
