/** Every error about copying, in one place. */
import { type DiagnosticKind, defineKinds } from '../../diagnostics/diagnostic.ts'
import { reasonOf } from '../../diagnostics/system-errors.ts'
import { nameUnwritable } from '../../files/missing-folder.ts'

type Kind<Data> = DiagnosticKind<Data>

const unwritable: Kind<{ path: string; error: unknown }> = {
  code: 'NBD_COPY_UNWRITABLE',
  severity: 'error',
  fault: 'write',
  summary: 'The destination cannot be written.',
  message: ({ path, error }) => `cannot write ${nameUnwritable(path, error)}: ${reasonOf(error)}`,
}

const unreadable: Kind<{ path: string; error: unknown }> = {
  code: 'NBD_COPY_UNREADABLE',
  severity: 'error',
  fault: 'input',
  summary: 'The source cannot be read.',
  message: ({ path, error }) => `cannot read ${path}: ${reasonOf(error)}`,
}

const notADisk: Kind<{ path: string; what: string }> = {
  code: 'NBD_COPY_NOT_A_DISK',
  severity: 'error',
  fault: 'usage',
  summary: 'Only files, block devices and pipes can be copied from and to.',
  message: ({ path, what }) => `${path} is a ${what}, not a file or block device`,
}

const tooSmall: Kind<{ destination: string; size: number; needed: number }> = {
  code: 'NBD_COPY_TOO_SMALL',
  severity: 'error',
  fault: 'write',
  summary: 'The destination is smaller than the source. Nothing was written.',
  message: ({ destination, size, needed }) =>
    `${destination} has ${size} bytes, and the source has ${needed}`,
}

const sourceTooLong: Kind<{ source: string; destination: string; size: number }> = {
  code: 'NBD_COPY_SOURCE_TOO_LONG',
  severity: 'error',
  fault: 'write',
  summary:
    'A pipe that was copied from has more bytes than the destination. What fits has been written.',
  message: ({ source, destination, size }) =>
    `${source} has more bytes than ${destination}, which has ${size}`,
}

const toTerminal: Kind<object> = {
  code: 'NBD_COPY_TO_TERMINAL',
  severity: 'error',
  fault: 'usage',
  summary: 'A disk is not written to a terminal.',
  message: () => 'standard output is a terminal, and a disk is no text',
  hint: () => 'send it on: cryptopolicy nbd copy SOURCE - | PROGRAM',
}

const readOnly: Kind<{ destination: string }> = {
  code: 'NBD_COPY_READ_ONLY',
  severity: 'error',
  fault: 'write',
  summary: 'The destination is an export that may only be read.',
  message: ({ destination }) => `${destination} is read-only`,
}

const same: Kind<{ path: string }> = {
  code: 'NBD_COPY_SAME_FILE',
  severity: 'error',
  fault: 'usage',
  summary: 'Source and destination are the same.',
  message: ({ path }) => `${path} is both source and destination`,
}

const different: Kind<{ source: string; destination: string; offset: number }> = {
  code: 'NBD_COPY_DIFFERENT',
  severity: 'error',
  fault: 'answer',
  summary:
    'With --verify: what was read back is not what the source holds. The source was written to while it was copied, or something on the way is broken. A file that was to be made was not put in its place.',
  message: ({ source, destination, offset }) =>
    `${destination} differs from ${source} in the block at byte ${offset}`,
}

const unverifiable: Kind<{ destination: string }> = {
  code: 'NBD_COPY_UNVERIFIABLE',
  severity: 'error',
  fault: 'usage',
  summary: 'With --verify: the destination cannot be read back.',
  message: ({ destination }) => `${destination} cannot be read back, so it cannot be verified`,
}

const replaced: Kind<{ path: string }> = {
  code: 'NBD_COPY_REPLACED',
  severity: 'error',
  fault: 'write',
  summary: 'Something replaced the unfinished copy while it was written, such as another copy.',
  message: ({ path }) => `the unfinished copy ${path} was replaced by another program`,
  hint: () => 'run one copy at a time for each destination',
}

const startedAnew: Kind<{ path: string; reason: string }> = {
  code: 'NBD_COPY_STARTED_ANEW',
  severity: 'warning',
  fault: 'input',
  summary: 'The state of an earlier copy was there, but it does not belong to this one.',
  message: ({ path, reason }) => `not resuming from ${path}: ${reason}`,
}

const inPlace: Kind<{ path: string; reason: string }> = {
  code: 'NBD_COPY_IN_PLACE',
  severity: 'warning',
  fault: 'write',
  summary:
    'The destination is written in place, because a new file would lose its other names, its owner or its group. Until the copy is whole, a part of it stands there.',
  message: ({ path, reason }) => `${path} is written in place: ${reason}`,
}

const interrupted: Kind<{ destination: string; canResume: boolean }> = {
  code: 'NBD_COPY_INTERRUPTED',
  severity: 'error',
  fault: 'answer',
  summary: 'The copy was stopped before its end.',
  message: ({ destination }) => `the copy to ${destination} was interrupted`,
  hint: ({ canResume }) => (canResume ? 'the same command goes on where it stopped' : undefined),
}

const unlike: Kind<{ uri: string; what: string; connections: number }> = {
  code: 'NBD_COPY_UNLIKE_CONNECTION',
  severity: 'warning',
  fault: 'unavailable',
  summary:
    'A further connection to an export found another export there, such as one of another size. It is not used.',
  message: ({ uri, what, connections }) =>
    `a further connection to ${uri} found ${what}: the work goes on over ${connections}`,
}

export const COPY_KINDS = defineKinds({
  unwritable,
  unreadable,
  notADisk,
  tooSmall,
  sourceTooLong,
  toTerminal,
  readOnly,
  same,
  different,
  unverifiable,
  replaced,
  startedAnew,
  inPlace,
  interrupted,
  unlike,
})
