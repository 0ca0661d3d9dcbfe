/** A migration of several channels: a folder with a file for each, as `migrate inspect` reads it. */
import { existsSync, mkdtempSync, readdirSync, renameSync } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { fail } from '../../diagnostics/diagnostic.ts'
import { syncFolder, writeDurable } from '../../files/atomic-file.ts'
import { MIGRATION_KINDS } from '../migration-diagnostics.ts'
import { digestLine, writing } from './file-store.ts'
import type { MigrationStore } from './migration-store.ts'
import { PieceWriter } from './piece-writer.ts'

type StoredChannel = { readonly handle: FileHandle; readonly writer: PieceWriter }

export class FolderStore implements MigrationStore {
  readonly path: string
  /** Beside the folder, where only this user can look into it. */
  readonly #temporary: string
  readonly #channels = new Map<string, StoredChannel>()

  private constructor(path: string, temporary: string) {
    this.path = path
    this.#temporary = temporary
  }

  /** @throws DiagnosticError where the folder is there and not empty, or cannot be made. */
  static async create(path: string): Promise<FolderStore> {
    return writing(path, async () => {
      const isTaken = existsSync(path) && readdirSync(path).length > 0
      if (isTaken) fail(MIGRATION_KINDS.folderNotEmpty, { folder: path })
      const absolute = resolve(path)
      const prefix = join(dirname(absolute), `.${basename(absolute)}.cryptopolicy-tmp-`)
      return new FolderStore(path, mkdtempSync(prefix))
    })
  }

  async open(channel: string): Promise<PieceWriter> {
    const handle = await writing(this.path, () => open(join(this.#temporary, channel), 'wx', 0o600))
    const writer = new PieceWriter(this.fileOf(channel), handle)
    this.#channels.set(channel, { handle, writer })
    return writer
  }

  fileOf(channel: string): string {
    return join(this.path, channel)
  }

  /** The folder appears in one step, which fails where another has appeared there. */
  async publish(): Promise<void> {
    await writing(this.path, async () => {
      for (const [channel, { handle, writer }] of this.#channels) {
        await writer.finish()
        await handle.sync()
        await handle.close()
        const file = join(this.#temporary, `${channel}.sha256`)
        writeDurable(file, digestLine(channel, writer.sha256 ?? ''), 0o600)
      }
      syncFolder(this.#temporary)
      renameSync(this.#temporary, this.path)
      syncFolder(dirname(resolve(this.path)))
    })
  }

  async discard(): Promise<void> {
    for (const { handle, writer } of this.#channels.values()) {
      await writer.finish().catch(() => {})
      await handle.close().catch(() => {})
    }
    await rm(this.#temporary, { recursive: true, force: true }).catch(() => {})
  }
}
