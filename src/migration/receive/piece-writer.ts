/** Writes a channel to its file in large pieces, while the next one is filled, and digests them. */
import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { fail } from '../../diagnostics/diagnostic.ts'
import { FILE_KINDS } from '../../files/file-diagnostics.ts'
import type { ChannelWriter } from './migration-store.ts'

/** Bytes that are written at once. A channel holds two pieces at most. */
const PIECE = 0x10_0000

export class PieceWriter implements ChannelWriter {
  readonly #path: string
  readonly #handle: FileHandle
  readonly #hash = createHash('sha256')
  #sha256: string | undefined
  #piece = Buffer.allocUnsafeSlow(PIECE)
  #spare = Buffer.allocUnsafeSlow(PIECE)
  #filled = 0
  #offset = 0
  #underWay: Promise<void> = Promise.resolve()

  /** @param path For errors: where the file is to be when it is whole. */
  constructor(path: string, handle: FileHandle) {
    this.#path = path
    this.#handle = handle
  }

  get sha256(): string | undefined {
    return this.#sha256
  }

  async write(part: Buffer): Promise<void> {
    for (let at = 0; at < part.length; ) {
      const count = part.copy(this.#piece, this.#filled, at)
      at += count
      this.#filled += count
      if (this.#filled === PIECE) await this.#beginWrite()
    }
  }

  /** Writes what is left; gives the length of the file. @throws DiagnosticError FILE_UNWRITABLE. */
  async finish(): Promise<number> {
    await this.#beginWrite()
    await this.#underWay
    this.#sha256 ??= this.#hash.digest('hex')
    return this.#offset
  }

  async #beginWrite(): Promise<void> {
    await this.#underWay
    const [piece, length] = [this.#piece, this.#filled]
    this.#piece = this.#spare
    this.#spare = piece
    this.#filled = 0
    const offset = this.#offset
    this.#offset += length
    this.#underWay = this.#writeAt(offset, piece.subarray(0, length))
    // It is told where it is waited for.
    this.#underWay.catch(() => {})
    // The piece is written meanwhile.
    if (length > 0) this.#hash.update(piece.subarray(0, length))
  }

  async #writeAt(offset: number, piece: Buffer): Promise<void> {
    try {
      for (let at = 0; at < piece.length; ) {
        const { bytesWritten } = await this.#handle.write(piece, at, piece.length - at, offset + at)
        at += bytesWritten
      }
    } catch (error) {
      fail(FILE_KINDS.unwritable, { path: this.#path, error })
    }
  }
}
