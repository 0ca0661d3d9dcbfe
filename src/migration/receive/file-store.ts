/**
 * A migration of one channel, in one file. `FILE.sha256` beside it says what its bytes are, as sha256sum
 * writes it.
 */
import { lstatSync, type Stats } from 'node:fs'
import { unlink } from 'node:fs/promises'
import { basename } from 'node:path'
import { fail } from '../../diagnostics/diagnostic.ts'
import { replaceFile } from '../../files/atomic-file.ts'
import { FILE_KINDS } from '../../files/file-diagnostics.ts'
import { PartialFile } from '../../transfer/partial-file.ts'
import type { MigrationStore } from './migration-store.ts'
import { PieceWriter } from './piece-writer.ts'
import { RECEIVE_KINDS } from './receive-diagnostics.ts'

/** A guest has keys and passwords in its memory: the file is its owner's alone. */
const OWNER_ONLY = 0o600

export class FileStore implements MigrationStore {
  readonly path: string
  readonly #partial: PartialFile
  #writer: PieceWriter | undefined

  private constructor(path: string, partial: PartialFile) {
    this.path = path
    this.#partial = partial
  }

  /**
   * @param present What stands there, and stays until the migration is whole.
   * @throws DiagnosticError FILE_UNWRITABLE.
   */
  static async create(path: string, present: Stats | undefined): Promise<FileStore> {
    refuseFolder(digestFile(path))
    const options = { size: undefined, resume: false, present, mode: OWNER_ONLY }
    return new FileStore(path, await writing(path, () => PartialFile.open(path, options)))
  }

  async open(): Promise<PieceWriter> {
    this.#writer = new PieceWriter(this.path, this.#partial.handle)
    return this.#writer
  }

  fileOf(): string {
    return this.path
  }

  async publish(): Promise<void> {
    const size = (await this.#writer?.finish()) ?? 0
    const digest = this.#writer?.sha256 ?? ''
    await writing(this.path, async () => {
      // First: a file is never there without the digest that it has to have.
      const isInPlace = await this.#partial.putInPlace(size, () =>
        replaceFile(digestFile(this.path), digestLine(this.path, digest), OWNER_ONLY),
      )
      if (!isInPlace) fail(RECEIVE_KINDS.replaced, { path: this.#partial.temporaryPath })
      await this.#partial.handle.close()
    })
  }

  async discard(): Promise<void> {
    await this.#writer?.finish().catch(() => {})
    await this.#partial.handle.close().catch(() => {})
    await unlink(this.#partial.temporaryPath).catch(() => {})
  }
}

function digestFile(path: string): string {
  return `${path}.sha256`
}

function refuseFolder(path: string): void {
  const isFolder = lstatSync(path, { throwIfNoEntry: false })?.isDirectory()
  if (isFolder) fail(RECEIVE_KINDS.unusablePlace, { path, reason: 'it is a folder' })
}

/** As `sha256sum` writes it, so that `sha256sum -c` reads it. */
export function digestLine(path: string, digest: string): string {
  const name = basename(path)
  // sha256sum marks a line whose name it had to change.
  const changed = name.replace(/[\\\n\r]/g, (character) => ESCAPES[character] ?? character)
  return `${changed === name ? '' : '\\'}${digest}  ${changed}\n`
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r' }

/** @throws DiagnosticError FILE_UNWRITABLE for errors of the system. */
export async function writing<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    return fail(FILE_KINDS.unwritable, { path, error })
  }
}
