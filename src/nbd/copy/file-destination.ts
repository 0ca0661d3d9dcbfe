/**
 * A file that is copied to. It is written beside its place under another name and put there when it
 * is whole, so that a half copy never looks like one; what stood there stays until then.
 */
import { constants, existsSync, realpathSync, type Stats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { open } from 'node:fs/promises'
import { type Diagnostic, diagnose, fail } from '../../diagnostics/diagnostic.ts'
import { statPresent } from '../../files/present-file.ts'
import { PartialFile } from '../../transfer/partial-file.ts'
import { placeOfDanglingLink, reasonInPlace } from '../../transfer/replaceable.ts'
import { findZeroes, ZEROES } from '../../transfer/zeroes.ts'
import { COPY_KINDS } from './copy-diagnostics.ts'
import type { CopyDestination } from './copy-end.ts'
import { diskSize, readFully, requireDisk, writeFully } from './local-disk.ts'

const PARALLEL = 4

export type FileDestinationOptions = {
  /** Of the source, in bytes; undefined where it is a pipe. */
  readonly size: number | undefined
  /** Whether an unfinished copy may be gone on with. */
  readonly resume: boolean
  /** Where the state is kept; beside the file without it, and nowhere for a device. */
  readonly statePath?: string
  /** Called where an unfinished copy is not gone on with, or a file is written in place. */
  readonly warn?: (diagnostic: Diagnostic) => void
}

export async function openFileDestination(
  path: string,
  options: FileDestinationOptions,
): Promise<CopyDestination> {
  const present = statPresent(path, COPY_KINDS.unwritable)
  if (present) requireDisk(path, present)
  if (present?.isBlockDevice()) return openDevice(path, present, options)
  const target = present ? realpathSync(path) : placeOfDanglingLink(path)
  const reason = present && reasonInPlace(target, present)
  if (reason === undefined) return openPartial(target, present, options)
  options.warn?.(diagnose(COPY_KINDS.inPlace, { path, reason }))
  return openInPlace(target, options)
}

async function openDevice(
  path: string,
  stats: Stats,
  { size, statePath }: FileDestinationOptions,
): Promise<CopyDestination> {
  const available = diskSize(path, stats)
  if (size !== undefined && available < size) {
    fail(COPY_KINDS.tooSmall, { destination: path, size: available, needed: size })
  }
  const handle = await writing(path, open(path, constants.O_RDWR | constants.O_EXCL))
  const zero = (offset: number, length: number) => writeZeroes(handle, offset, length)
  return {
    ...endOf(path, handle, zero),
    identity: `device ${stats.rdev}`,
    statePath,
    isZero: false,
    capacity: available,
    finish: () => writing(path, handle.datasync()),
  }
}

async function openPartial(
  path: string,
  present: Stats | undefined,
  { size, resume, statePath, warn }: FileDestinationOptions,
): Promise<CopyDestination> {
  const state = statePath === undefined ? {} : { statePath }
  const partial = await writing(path, PartialFile.open(path, { size, resume, present, ...state }))
  const { handle, token, isResumed, rejected } = partial
  if (rejected) warn?.(diagnose(COPY_KINDS.startedAnew, rejected))
  return {
    ...endOf(path, handle, (offset, length) => clear(handle, offset, length)),
    identity: `file ${token}`,
    statePath: partial.statePath,
    // What an earlier run wrote after its last state is still there.
    isZero: !isResumed,
    finish: async (whole) => {
      // Another copy to the same place: what stands there now is not what this one wrote.
      const isInPlace = await writing(path, partial.putInPlace(whole))
      if (!isInPlace) fail(COPY_KINDS.replaced, { path: partial.temporaryPath })
    },
  }
}

/**
 * Writes to the file itself, as qemu-img does, where a new one in its place would lose its other
 * names or its owner.
 */
async function openInPlace(
  path: string,
  { size, resume, statePath }: FileDestinationOptions,
): Promise<CopyDestination> {
  const handle = await writing(path, open(path, constants.O_RDWR | constants.O_NONBLOCK))
  const isResumed = resume && statePath !== undefined && existsSync(statePath)
  try {
    const { dev, ino } = await handle.stat()
    if (!isResumed) await writing(path, handle.truncate(0))
    if (size !== undefined) await writing(path, handle.truncate(size))
    return {
      ...endOf(path, handle, (offset, length) => clear(handle, offset, length)),
      identity: `file in place ${dev}:${ino}`,
      statePath,
      isZero: !isResumed,
      finish: async (whole) => {
        await writing(path, handle.truncate(whole))
        await writing(path, handle.sync())
      },
    }
  } catch (error) {
    await handle.close()
    throw error
  }
}

function endOf(
  path: string,
  handle: FileHandle,
  zero: (offset: number, length: number) => Promise<void>,
): Pick<
  CopyDestination,
  'name' | 'alignment' | 'parallel' | 'write' | 'zero' | 'read' | 'flush' | 'close'
> {
  return {
    name: path,
    alignment: 1,
    parallel: PARALLEL,
    write: (offset, data) => writing(path, writeFully(handle, offset, data)),
    zero: (offset, length) => writing(path, zero(offset, length)),
    read: (offset, target) => writing(path, readFully(handle, offset, target)),
    flush: () => writing(path, handle.datasync()),
    close: () => handle.close(),
  }
}

/** Writes zeroes only where there are none, so that holes stay holes. */
async function clear(handle: FileHandle, offset: number, length: number): Promise<void> {
  const buffer = Buffer.allocUnsafe(Math.min(length, ZEROES.length))
  for (let done = 0; done < length; done += buffer.length) {
    const part = buffer.subarray(0, Math.min(buffer.length, length - done))
    await readFully(handle, offset + done, part)
    for (const { start, end, isZero } of findZeroes(part)) {
      if (!isZero) await writeZeroes(handle, offset + done + start, end - start)
    }
  }
}

async function writeZeroes(handle: FileHandle, offset: number, length: number): Promise<void> {
  for (let done = 0; done < length; done += ZEROES.length) {
    const part = ZEROES.subarray(0, Math.min(ZEROES.length, length - done))
    await writeFully(handle, offset + done, part)
  }
}

async function writing<Result>(path: string, work: Promise<Result>): Promise<Result> {
  try {
    return await work
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    fail(COPY_KINDS.unwritable, { path, error })
  }
}
