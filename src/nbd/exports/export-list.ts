/** The exports that a user asks for, opened. */
import { DiagnosticError, diagnose, fail } from '../../diagnostics/diagnostic.ts'
import { FileStorage } from '../storage/file-storage.ts'
import { HandledStorage, needsHandling, type StorageHandling } from '../storage/handled-storage.ts'
import { MemoryStorage } from '../storage/memory-storage.ts'
import type { Storage } from '../storage/storage.ts'
import { StoragePart } from '../storage/storage-part.ts'
import { checkExportOptions, checkExportRequests, checkExports } from './export-arguments.ts'
import { EXPORT_KINDS } from './export-diagnostics.ts'
import type { NbdExport } from './nbd-export.ts'
import { refuseUnspeakable } from './speakable.ts'

/** One export as it is asked for. */
export type ExportRequest = {
  readonly name: string
  readonly description?: string
  /** A file or a block device, or so many bytes of memory. */
  readonly from: { readonly path: string } | { readonly memory: number }
  /** Where the export begins in the file or memory, in bytes; at its beginning without it. */
  readonly offset?: number
}

export type ExportOptions = {
  readonly isReadOnly: boolean
  /** Several clients may be served at the same time. */
  readonly isShared: boolean
  /** How writes reach the storage. */
  readonly handling?: StorageHandling
}

/**
 * Opens all of them or none.
 *
 * @throws DiagnosticError with every export that cannot be opened.
 */
export async function openExports(
  requests: readonly ExportRequest[],
  options: ExportOptions,
): Promise<readonly NbdExport[]> {
  checkExportRequests(requests, 'requests')
  checkExportOptions(options, 'options')
  refuseDuplicates(requests)
  requests.forEach(refuseUnspeakable)
  const opened = await Promise.allSettled(requests.map((request) => open(request, options)))
  const exports = opened.flatMap((result) => (result.status === 'fulfilled' ? result.value : []))
  const errors = opened.flatMap((result) =>
    result.status === 'rejected' ? (result.reason as DiagnosticError).diagnostics : [],
  )
  if (errors.length === 0) return exports
  await closeExports(exports)
  throw new DiagnosticError(errors)
}

/** Brings everything to disk and closes it. */
export async function closeExports(exports: readonly NbdExport[]): Promise<void> {
  checkExports(exports, 'exports')
  for (const { storage, isReadOnly } of exports) {
    if (!isReadOnly) await storage.flush().catch(() => {})
    await storage.close()
  }
}

async function open(request: ExportRequest, options: ExportOptions): Promise<NbdExport> {
  const { name, description, from, offset = 0 } = request
  const { handling, ...rest } = options
  const whole = 'path' in from ? await openFile(from.path, options) : new MemoryStorage(from.memory)
  const handled = needsHandling(handling) ? new HandledStorage(whole, handling) : whole
  const storage = offset === 0 ? handled : await openPart(handled, offset, request)
  return { name, ...(description === undefined ? {} : { description }), storage, ...rest }
}

async function openPart(
  whole: Storage,
  offset: number,
  { from }: ExportRequest,
): Promise<StoragePart> {
  try {
    return new StoragePart(whole, offset)
  } catch (error) {
    await whole.close()
    const path = 'path' in from ? from.path : 'the memory'
    throw new DiagnosticError([diagnose(EXPORT_KINDS.offsetBeyond, { path, offset, error })])
  }
}

async function openFile(path: string, { isReadOnly }: ExportOptions): Promise<FileStorage> {
  try {
    return await FileStorage.open(path, { readOnly: isReadOnly })
  } catch (error) {
    throw new DiagnosticError([diagnose(EXPORT_KINDS.cannotOpen, { path, error })])
  }
}

function refuseDuplicates(requests: readonly ExportRequest[]): void {
  const names = new Set<string>()
  for (const { name } of requests) {
    if (names.has(name)) fail(EXPORT_KINDS.duplicateExport, { name })
    names.add(name)
  }
}
