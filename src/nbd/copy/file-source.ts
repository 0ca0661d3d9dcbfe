/** A file or block device that is copied from. */
import { constants } from 'node:fs'
import { fail } from '../../diagnostics/diagnostic.ts'
import { loadLibc } from '../../files/libc.ts'
import { FileExtents } from '../storage/file-extents.ts'
import { COPY_KINDS } from './copy-diagnostics.ts'
import type { CopySource } from './copy-end.ts'
import { diskSize, openDisk, readFully, requireDisk } from './local-disk.ts'

/** Reads that the pool of threads of the runtime works on side by side. */
const PARALLEL = 4

/** How many extents are looked for at a time. */
const EXTENTS = 256

/** @throws DiagnosticError FILE_MISSING, FILE_UNREADABLE or NBD_COPY_NOT_A_DISK. */
export async function openFileSource(path: string): Promise<CopySource> {
  const handle = await openDisk(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const stats = await handle.stat()
    requireDisk(path, stats)
    const size = diskSize(path, stats)
    const extents = new FileExtents(handle.fd, loadLibc())
    const { dev, ino, mtimeMs } = stats
    return {
      name: path,
      size,
      identity: `file ${dev}:${ino} of ${mtimeMs}`,
      alignment: 1,
      parallel: PARALLEL,
      // Of what is not told here, the bytes are read, and zeroes among them are found then.
      extents: (offset, length) => extents.find(offset, length, EXTENTS),
      read: (offset, target) => readOrFail(path, readFully(handle, offset, target)),
      close: () => handle.close(),
    }
  } catch (error) {
    await handle.close()
    throw error
  }
}

async function readOrFail(path: string, reading: Promise<void>): Promise<void> {
  try {
    await reading
  } catch (error) {
    fail(COPY_KINDS.unreadable, { path, error })
  }
}
