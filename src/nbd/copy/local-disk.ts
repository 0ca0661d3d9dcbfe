/** What stands at a path: a file or a block device, and how large it is. */
import type { Stats } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { fail } from '../../diagnostics/diagnostic.ts'
import { blockDeviceSize } from '../../files/block-device.ts'
import { FILE_KINDS } from '../../files/file-diagnostics.ts'
import { COPY_KINDS } from './copy-diagnostics.ts'

/** @throws DiagnosticError where it is neither a file nor a block device. */
export function requireDisk(path: string, stats: Stats): void {
  if (!stats.isFile() && !stats.isBlockDevice()) {
    fail(COPY_KINDS.notADisk, { path, what: describe(stats) })
  }
}

function describe(stats: Stats): string {
  if (stats.isDirectory()) return 'directory'
  if (stats.isFIFO()) return 'pipe'
  if (stats.isSocket()) return 'socket'
  return 'character device'
}

/** In bytes. */
export function diskSize(path: string, stats: Stats): number {
  if (!stats.isBlockDevice()) return stats.size
  try {
    return blockDeviceSize(stats.rdev)
  } catch (error) {
    fail(FILE_KINDS.unreadable, { path, error })
  }
}

/** Opens a disk, without waiting for another program where it is a pipe. */
export async function openDisk(path: string, flags: number): Promise<FileHandle> {
  try {
    return await open(path, flags)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') fail(FILE_KINDS.missing, { path })
    fail(FILE_KINDS.unreadable, { path, error })
  }
}

/** Fills the target, or throws: a file that shrinks while it is read is no source. */
export async function readFully(handle: FileHandle, offset: number, target: Buffer): Promise<void> {
  for (let done = 0; done < target.length; ) {
    const { bytesRead } = await handle.read(target, done, target.length - done, offset + done)
    if (bytesRead === 0) throw new Error(`it ends at byte ${offset + done}`)
    done += bytesRead
  }
}

export async function writeFully(handle: FileHandle, offset: number, data: Buffer): Promise<void> {
  for (let done = 0; done < data.length; ) {
    const { bytesWritten } = await handle.write(data, done, data.length - done, offset + done)
    done += bytesWritten
  }
}
