/** Errors of the commands on migrations that are not about the bytes of one stream. */
import { type DiagnosticKind, defineKinds } from '../diagnostics/diagnostic.ts'
import { reasonOf } from '../diagnostics/system-errors.ts'

type Kind<Data> = DiagnosticKind<Data>

const badCompression: Kind<{ file: string; error: unknown }> = {
  code: 'MIGRATION_GZIP_DAMAGED',
  severity: 'error',
  fault: 'input',
  summary: 'A compressed file cannot be unpacked to its end: it is cut or damaged.',
  message: ({ file, error }) => `${file}: cannot unpack: ${reasonOf(error)}`,
}

const noMainChannel: Kind<{ folder: string }> = {
  code: 'MIGRATION_NO_MAIN_CHANNEL',
  severity: 'error',
  fault: 'input',
  summary: 'None of the files in the folder is the main channel of a migration.',
  message: ({ folder }) => `${folder}: no file begins with "QEVM", as the main channel does`,
}

const severalMainChannels: Kind<{ folder: string; files: readonly string[] }> = {
  code: 'MIGRATION_SEVERAL_MAIN_CHANNELS',
  severity: 'error',
  fault: 'input',
  summary: 'The folder holds more than one migration.',
  message: ({ folder, files }) => `${folder}: several main channels: ${files.join(', ')}`,
  hint: () => 'keep the channels of each migration in a folder of their own',
}

const channelIncomplete: Kind<{ file: string; expected: string; found: string; offset: number }> = {
  code: 'MIGRATION_CHANNEL_INCOMPLETE',
  severity: 'error',
  fault: 'input',
  summary: 'A channel of the migration ends early, or is not there. The guest is not whole.',
  message: ({ file, expected, found, offset }) =>
    `${file}: byte ${offset}, multifd channel: expected ${expected}, found ${found}`,
}

const digestDiffers: Kind<{ file: string; expected: string; found: string }> = {
  code: 'MIGRATION_DIGEST_DIFFERS',
  severity: 'error',
  fault: 'input',
  summary:
    'The file does not have the SHA-256 that the file beside it says: it was changed since it was stored.',
  message: ({ file, expected, found }) =>
    `${file} has changed since it was stored: its SHA-256 is ${found}, ${file}.sha256 says ${expected}`,
}

/** Errors by the name the code uses; docs/errors.md lists them by code. */
export const MIGRATION_KINDS = defineKinds({
  badCompression,
  noMainChannel,
  severalMainChannels,
  channelIncomplete,
  digestDiffers,
})
