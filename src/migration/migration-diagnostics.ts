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

const notPreCopy: Kind<{ offset: number }> = {
  code: 'MIGRATION_NOT_PRECOPY',
  severity: 'error',
  fault: 'input',
  summary:
    'The guest was running on the destination before all of its memory was there (post-copy): no stream holds its memory of one moment.',
  message: ({ offset }) =>
    `byte ${offset}, command POSTCOPY_RUN: the memory cannot be rebuilt: expected a migration without post-copy`,
}

const pageDamaged: Kind<{ offset: number; kind: string; block: string }> = {
  code: 'MIGRATION_PAGE_DAMAGED',
  severity: 'error',
  fault: 'input',
  summary: 'A page was sent compressed and cannot be unpacked.',
  message: ({ offset, kind, block }) =>
    `a page of ${block} (offset ${offset}) does not unpack by ${kind} to its size`,
}

const unknownCompression: Kind<{ offset: number; compression: string }> = {
  code: 'MIGRATION_COMPRESSION_UNKNOWN',
  severity: 'error',
  fault: 'input',
  summary: 'Pages are compressed in a way that needs hardware, and cannot be unpacked here.',
  message: ({ offset, compression }) =>
    `byte ${offset}, multifd packet: pages compressed with ${compression} cannot be unpacked; expected none, zlib or zstd`,
}

const strayPage: Kind<{ offset: number; block: string; place: number }> = {
  code: 'MIGRATION_STRAY_PAGE',
  severity: 'error',
  fault: 'input',
  summary: 'A multifd channel sends a page of a block that the main channel does not have.',
  message: ({ offset, block, place }) =>
    `byte ${offset}, multifd packet: expected a page within the RAM blocks of the main channel, found 0x${place.toString(16)} of ${JSON.stringify(block)}`,
}

const pagesNotSent: Kind<{ block: string; missing: number }> = {
  code: 'MIGRATION_PAGES_NOT_SENT',
  severity: 'warning',
  fault: 'input',
  summary:
    'Pages of the guest are not in the migration: they are shared with the destination (x-ignore-shared), or the guest had said that they are free. They are zero in what was rebuilt.',
  message: ({ block, missing }) =>
    `${missing} pages of ${block} were never sent; they are zero here`,
}

const tooLarge: Kind<{ limit: string }> = {
  code: 'MIGRATION_MEMORY_TOO_LARGE',
  severity: 'error',
  fault: 'input',
  summary: 'The memory of so large a guest cannot be put together from several channels.',
  message: ({ limit }) =>
    `the memory cannot be rebuilt: expected at most ${limit} in several channels`,
}

const interrupted: Kind<{ folder: string }> = {
  code: 'MIGRATION_INTERRUPTED',
  severity: 'error',
  fault: 'answer',
  summary: 'A signal ended the work before the memory was rebuilt. Nothing of it is left.',
  message: ({ folder }) => `${folder} was not written: the work was interrupted`,
}

const folderNotEmpty: Kind<{ folder: string }> = {
  code: 'MIGRATION_FOLDER_NOT_EMPTY',
  severity: 'error',
  fault: 'write',
  summary: 'The folder that memory is to be written to holds files already. None is replaced.',
  message: ({ folder }) => `${folder} is not empty`,
  hint: () => 'name a folder that is not there yet',
}

const notComparable: Kind<{ file: string }> = {
  code: 'MIGRATION_NOT_COMPARABLE',
  severity: 'error',
  fault: 'input',
  summary: 'Only main channels can be compared: they say what the destination has to know.',
  message: ({ file }) => `${file} is not a main channel`,
}

/** Errors by the name the code uses; docs/errors.md lists them by code. */
export const MIGRATION_KINDS = defineKinds({
  badCompression,
  noMainChannel,
  severalMainChannels,
  channelIncomplete,
  digestDiffers,
  notPreCopy,
  pageDamaged,
  unknownCompression,
  strayPage,
  pagesNotSent,
  tooLarge,
  interrupted,
  folderNotEmpty,
  notComparable,
})
