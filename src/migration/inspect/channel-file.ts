/** The bytes of a channel: a file, a compressed one, or standard input, in parts. */
import { type FileHandle, open } from 'node:fs/promises'
import { addAbortSignal, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { fail } from '../../diagnostics/diagnostic.ts'
import { FILE_KINDS } from '../../files/file-diagnostics.ts'
import { MIGRATION_KINDS } from '../migration-diagnostics.ts'

/** Bytes that are read at once. */
const PART = 0x10_0000

const GZIP_MAGIC = Buffer.from([0x1f, 0x8b])

/** Stands for standard input. */
export const STANDARD_INPUT_MARK = '-'

/**
 * The parts of a file, unpacked where it is compressed. A part is valid until the next one is asked for.
 *
 * @param path `-` for standard input.
 * @param signal Ends the wait for standard input, with an AbortError.
 */
export async function* readChannelParts(
  path: string,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  if (path === STANDARD_INPUT_MARK && signal) addAbortSignal(signal, process.stdin)
  const parts = withWholeMagic(path === STANDARD_INPUT_MARK ? process.stdin : readFile(path))
  const first = await parts.next()
  if (first.done) return
  const all = prepend(first.value, parts)
  if (first.value.subarray(0, 2).equals(GZIP_MAGIC)) yield* unpack(path, all)
  else yield* all
}

async function* readFile(path: string): AsyncGenerator<Buffer> {
  const file = await openFile(path)
  const memory = Buffer.allocUnsafe(PART)
  try {
    for (;;) {
      const { bytesRead } = await file.read(memory, 0, PART)
      if (bytesRead === 0) return
      yield memory.subarray(0, bytesRead)
    }
  } catch (error) {
    if (isSystemError(error)) fail(FILE_KINDS.unreadable, { path, error })
    throw error
  } finally {
    await file.close()
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') fail(FILE_KINDS.missing, { path })
    return fail(FILE_KINDS.unreadable, { path, error })
  }
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error
}

/** Makes the first part large enough to tell what the file is. */
async function* withWholeMagic(parts: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let first: Buffer | undefined = Buffer.alloc(0)
  for await (const part of parts) {
    if (first === undefined) {
      yield part
      continue
    }
    first = Buffer.concat([first, part])
    if (first.length < GZIP_MAGIC.length) continue
    yield first
    first = undefined
  }
  if (first && first.length > 0) yield first
}

/** A reader that stops after the first part closes the file too. */
async function* prepend(first: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield first
    yield* rest
  } finally {
    await rest.return(undefined)
  }
}

async function* unpack(path: string, parts: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  // The decompressor reads ahead, so each part has to be a copy.
  const packed = Readable.from(copyEach(parts), { objectMode: false })
  const unpacked = createGunzip({ chunkSize: PART })
  packed.on('error', (error) => unpacked.destroy(error))
  try {
    for await (const part of packed.pipe(unpacked)) yield part
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (code.startsWith('Z_')) fail(MIGRATION_KINDS.badCompression, { file: path, error })
    throw error
  } finally {
    packed.destroy()
  }
}

async function* copyEach(parts: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const part of parts) yield Buffer.from(part)
}
