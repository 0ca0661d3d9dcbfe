/**
 * A file that is copied to. It is written beside its place under another name and put there when it
 * is whole, so that a half copy never looks like one; what stood there stays until then.
 */
import {
  constants,
  existsSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
} from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { open } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fail } from '../../diagnostics/diagnostic.ts'
import { syncFolder } from '../../files/atomic-file.ts'
import { findZeroes, ZEROES } from '../../transfer/zeroes.ts'
import { COPY_KINDS } from './copy-diagnostics.ts'
import type { CopyDestination } from './copy-end.ts'
import { diskSize, readFully, requireDisk, statPresent, writeFully } from './local-disk.ts'

const PARALLEL = 4

export type FileDestinationOptions = {
  /** Of the source, in bytes. */
  readonly size: number
  /** Whether an unfinished copy may be gone on with. */
  readonly resume: boolean
  /** Where the state is kept; beside the file without it, and nowhere for a device. */
  readonly statePath?: string
}

export async function openFileDestination(
  path: string,
  options: FileDestinationOptions,
): Promise<CopyDestination> {
  const present = statPresent(path)
  if (present) requireDisk(path, present)
  if (present?.isBlockDevice()) return openDevice(path, present, options)
  return openPartial(present ? realpathSync(path) : path, present, options)
}

async function openDevice(
  path: string,
  stats: Stats,
  { size, statePath }: FileDestinationOptions,
): Promise<CopyDestination> {
  const available = diskSize(path, stats)
  if (available < size) {
    fail(COPY_KINDS.tooSmall, { destination: path, size: available, needed: size })
  }
  const handle = await writing(path, open(path, constants.O_RDWR | constants.O_EXCL))
  const zero = (offset: number, length: number) => writeZeroes(handle, offset, length)
  return {
    ...endOf(path, handle, zero),
    identity: `device ${stats.rdev}`,
    statePath,
    isZero: false,
    finish: () => writing(path, handle.datasync()),
  }
}

async function openPartial(
  path: string,
  present: Stats | undefined,
  { size, resume, statePath }: FileDestinationOptions,
): Promise<CopyDestination> {
  const partial = join(dirname(path), `.${basename(path)}.cryptopolicy-partial`)
  const state = statePath ?? `${partial}.state`
  const isResumed = resume && existsSync(partial) && existsSync(state)
  if (!isResumed) rmSync(partial, { force: true })
  const flags = constants.O_RDWR | constants.O_NOFOLLOW | (isResumed ? 0 : NEW)
  const handle = await writing(path, open(partial, flags, 0o666))
  if (present && !isResumed) await writing(path, handle.chmod(present.mode & 0o777))
  await writing(path, handle.truncate(size))
  const { dev, ino } = await handle.stat()
  const zero = (offset: number, length: number) => clear(handle, offset, length)
  return {
    ...endOf(path, handle, zero),
    identity: `file ${dev}:${ino}`,
    statePath: state,
    // What an earlier run wrote after its last state is still there.
    isZero: !isResumed,
    finish: () => writing(path, putInPlace(handle, partial, path)),
  }
}

const NEW = constants.O_CREAT | constants.O_EXCL

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

async function putInPlace(handle: FileHandle, partial: string, path: string): Promise<void> {
  await handle.sync()
  const { dev, ino } = await handle.stat()
  const found = statSync(partial)
  // Another copy to the same place: what stands there now is not what this one wrote.
  if (found.dev !== dev || found.ino !== ino) fail(COPY_KINDS.replaced, { path: partial })
  renameSync(partial, path)
  syncFolder(dirname(path))
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
