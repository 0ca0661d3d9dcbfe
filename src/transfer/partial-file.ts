/**
 * A file that is written beside its place under another name, and put there when it is whole.
 *
 * Until then only its owner can read it, and behind its content stands a random value. The state of
 * the transfer holds the same value, so that a state never belongs to another file.
 */
import { randomBytes } from 'node:crypto'
import { constants, lstatSync, renameSync, type Stats, unlinkSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fail } from '../diagnostics/diagnostic.ts'
import { syncFolder } from '../files/atomic-file.ts'
import { FILE_KINDS } from '../files/file-diagnostics.ts'
import { loadLibc } from '../files/libc.ts'
import { OWN_FILE_FLAGS, readOwnText, reasonNotOwn } from './own-file.ts'
import { STATE_LIMIT } from './transfer-state.ts'

export type PartialFileOptions = {
  /** Of the whole file, in bytes; undefined where only its end will tell. It is then never gone on with. */
  readonly size: number | undefined
  /** Whether an unfinished file may be gone on with. */
  readonly resume: boolean
  /** The state; beside the file without it. */
  readonly statePath?: string
  /** The file that is replaced: the new one gets its owner, group and mode. */
  readonly present: Stats | undefined
  /** Instead of the mode of the file that is replaced, or of new files. */
  readonly mode?: number
}

/** What stands behind the content until the file is whole. */
const MARK = 'cryptopolicy-partial '
const TOKEN_BYTES = 16
const TRAILER_SIZE = MARK.length + TOKEN_BYTES * 2

/** As qemu-img and nbdcopy make files; the umask takes from it. */
const NEW_FILE_MODE = 0o644

const PERMISSIONS = 0o777

export class PartialFile {
  readonly handle: FileHandle
  readonly statePath: string
  /** Whether it is an unfinished file of an earlier run. */
  readonly isResumed: boolean
  /** The random value that the state has to hold. */
  readonly token: string
  /** Why an unfinished file that was there is not gone on with, and what that file is. */
  readonly rejected: Rejected | undefined
  readonly #path: string
  readonly #temporary: string
  readonly #options: PartialFileOptions

  private constructor(
    path: string,
    names: Names,
    { handle, token, isResumed, rejected }: Opened,
    options: PartialFileOptions,
  ) {
    this.#path = path
    this.#temporary = names.temporary
    this.#options = options
    this.statePath = names.state
    this.handle = handle
    this.token = token
    this.isResumed = isResumed
    this.rejected = rejected
  }

  /**
   * It is locked until its handle is closed.
   *
   * @throws the error of the system where it cannot be made. DiagnosticError FILE_IN_USE where another run writes it.
   */
  static async open(path: string, options: PartialFileOptions): Promise<PartialFile> {
    const temporary = join(dirname(path), `.${basename(path)}.cryptopolicy-partial`)
    const names = { temporary, state: options.statePath ?? `${temporary}.state` }
    const { size, resume } = options
    const earlier = resume && size !== undefined ? await openEarlier(names, size) : undefined
    if (earlier && 'handle' in earlier) {
      await lock(path, earlier.handle)
      return new PartialFile(path, names, earlier, options)
    }
    const abandoned = await lockAbandoned(path, temporary)
    const fresh = await openFresh(names, options.size).finally(() => abandoned?.close())
    await lock(path, fresh.handle)
    return new PartialFile(path, names, { ...fresh, rejected: earlier }, options)
  }

  /**
   * @param size Of the whole file, in bytes.
   * @param prepare What has to be done just before, when nothing else can fail.
   * @returns false where another program has replaced it meanwhile; then nothing was done.
   */
  async putInPlace(size: number, prepare = (): void => {}): Promise<boolean> {
    const { present, mode: asked } = this.#options
    await this.handle.truncate(size)
    const { dev, ino, uid, gid } = await this.handle.stat()
    if (present && (present.uid !== uid || present.gid !== gid)) {
      await this.handle.chown(present.uid, present.gid)
    }
    // Last: a change of owner may take bits of the mode away.
    const usual = present ? present.mode & PERMISSIONS : NEW_FILE_MODE & ~process.umask()
    await this.handle.chmod(asked ?? usual)
    await this.handle.sync()
    const found = lstatSync(this.#temporary)
    if (found.dev !== dev || found.ino !== ino) return false
    prepare()
    renameSync(this.#temporary, this.#path)
    syncFolder(dirname(this.#path))
    return true
  }

  /** Where it is written until it is whole. */
  get temporaryPath(): string {
    return this.#temporary
  }
}

type Names = { readonly temporary: string; readonly state: string }

type Opened = {
  readonly handle: FileHandle
  readonly token: string
  readonly isResumed: boolean
  readonly rejected?: Rejected | undefined
}

export type Rejected = { readonly path: string; readonly reason: string }

/** @throws DiagnosticError FILE_IN_USE, and the handle is closed. */
async function lock(path: string, handle: FileHandle): Promise<void> {
  if (loadLibc()?.lock(handle.fd) !== false) return
  await handle.close()
  fail(FILE_KINDS.inUse, { path })
}

/**
 * The unfinished file of a run that was killed, which is to be removed.
 *
 * @returns undefined where there is none, or something else, which holds nothing of ours.
 */
async function lockAbandoned(path: string, temporary: string): Promise<FileHandle | undefined> {
  const handle = await open(temporary, constants.O_RDONLY | OWN_FILE_FLAGS).catch(() => undefined)
  // A stranger could put a file there and hold its lock for ever.
  if (handle && reasonNotOwn(await handle.stat()) === undefined) await lock(path, handle)
  return handle
}

/** @returns undefined where there is nothing to go on with. */
async function openEarlier(
  { temporary, state }: Names,
  size: number,
): Promise<Opened | Rejected | undefined> {
  const text = readOwnText(state, STATE_LIMIT)
  if (!text) return undefined
  if ('reason' in text) return { path: state, reason: text.reason }
  let handle: FileHandle
  try {
    handle = await open(temporary, constants.O_RDWR | OWN_FILE_FLAGS)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const reason = code === 'ENOENT' ? 'it is not there' : `it cannot be opened (${code})`
    return { path: temporary, reason }
  }
  try {
    const reason = reasonNotOwn(await handle.stat())
    const token = reason === undefined ? await readTrailer(handle, size) : undefined
    if (token !== undefined) return { handle, token, isResumed: true }
    await handle.close()
    return { path: temporary, reason: reason ?? 'it is no unfinished copy of this size' }
  } catch (error) {
    await handle.close()
    throw error
  }
}

async function readTrailer(handle: FileHandle, size: number): Promise<string | undefined> {
  const { size: found } = await handle.stat()
  if (found !== size + TRAILER_SIZE) return undefined
  const trailer = Buffer.alloc(TRAILER_SIZE)
  await handle.read(trailer, 0, TRAILER_SIZE, size)
  const text = trailer.toString('latin1')
  return text.startsWith(MARK) ? text.slice(MARK.length) : undefined
}

async function openFresh({ temporary, state }: Names, size: number | undefined): Promise<Opened> {
  // First, so that a state that cannot be written is told before the long work.
  removeAny(state)
  removeAny(temporary)
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
  const handle = await open(temporary, flags, 0o600)
  try {
    const token = randomBytes(TOKEN_BYTES).toString('hex')
    if (size !== undefined) {
      await handle.truncate(size)
      await handle.write(`${MARK}${token}`, size, 'latin1')
    }
    return { handle, token, isResumed: false }
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** Unlike rmSync, it says which system call failed where a folder is in the way. */
function removeAny(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
