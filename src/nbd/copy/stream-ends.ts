/**
 * Ends of a copy that can only be read or written in order: standard input and output, pipes, sockets
 * and character devices.
 */
import {
  closeSync,
  createReadStream,
  createWriteStream,
  fstatSync,
  openSync,
  readFileSync,
  type Stats,
} from 'node:fs'
import { Socket } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import { isatty } from 'node:tty'
import { fail } from '../../diagnostics/diagnostic.ts'
import { FILE_KINDS } from '../../files/file-diagnostics.ts'
import { COPY_KINDS } from './copy-diagnostics.ts'
import type { StreamDestination, StreamSource } from './copy-end.ts'

/** Standard input. It is read from where it stands. */
export function standardInput(): StreamSource {
  return readInOrder('standard input', 0)
}

/** @throws DiagnosticError NBD_COPY_TO_TERMINAL. */
export function standardOutput(): StreamDestination {
  if (isatty(1)) fail(COPY_KINDS.toTerminal, {})
  return writeInOrder('standard output', 1)
}

/** Waits for a writer where the path is a pipe, as cat does. */
export function openStreamSource(path: string): StreamSource {
  const descriptor = openInOrder(path, 'r')
  try {
    return readInOrder(path, descriptor)
  } catch (error) {
    closeSync(descriptor)
    throw error
  }
}

/** Waits for a reader where the path is a pipe, as cat does. */
export function openStreamDestination(path: string): StreamDestination {
  return writeInOrder(path, openInOrder(path, 'w'))
}

/** Whether a copy can only go through it in order. */
export function isStream(stats: Stats): boolean {
  return stats.isFIFO() || stats.isSocket() || stats.isCharacterDevice()
}

function openInOrder(path: string, flags: 'r' | 'w'): number {
  try {
    return openSync(path, flags)
  } catch (error) {
    if (flags === 'w') fail(COPY_KINDS.unwritable, { path, error })
    fail(FILE_KINDS.unreadable, { path, error })
  }
}

/** Pipes and sockets are waited for by the event loop: a thread that waits could not be ended. */
function isWaitedFor(descriptor: number): boolean {
  const stats = fstatSync(descriptor)
  return stats.isFIFO() || stats.isSocket()
}

/** Sockets close their descriptor. Standard input and output stay for the rest of the run. */
function openStreams(descriptor: number) {
  if (isWaitedFor(descriptor)) {
    const make = (readable: boolean) =>
      new Socket({ fd: descriptor, readable, writable: !readable })
    return { readable: () => make(true), writable: () => make(false) }
  }
  const options = { fd: descriptor, autoClose: descriptor > 2 }
  return {
    readable: () => createReadStream('', options),
    writable: () => createWriteStream('', options),
  }
}

function readInOrder(name: string, descriptor: number): StreamSource {
  const size = remainingSize(name, descriptor)
  const stream: Readable = openStreams(descriptor).readable()
  return {
    name,
    size,
    chunks: () => chunksOf(name, stream),
    close: async () => {
      stream.destroy()
    },
  }
}

/** What is left of a regular file behind the place where it is read. */
function remainingSize(path: string, descriptor: number): number | undefined {
  try {
    const stats = fstatSync(descriptor)
    if (!stats.isFile()) return undefined
    const [, position = '0'] =
      /^pos:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'latin1')) ?? []
    return Math.max(0, stats.size - Number(position))
  } catch (error) {
    // Without /proc it is not known, as of a pipe.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    fail(FILE_KINDS.unreadable, { path, error })
  }
}

async function* chunksOf(path: string, stream: Readable): AsyncGenerator<Buffer, void> {
  try {
    for await (const chunk of stream) yield chunk as Buffer
  } catch (error) {
    fail(COPY_KINDS.unreadable, { path, error })
  }
}

function writeInOrder(name: string, descriptor: number): StreamDestination {
  const stream: Writable = openStreams(descriptor).writable()
  // Each write is told of its own error; without a listener the stream would end the process.
  stream.on('error', () => {})
  return {
    name,
    append: (data) => append(name, stream, data),
    close: async () => {
      stream.destroy()
    },
  }
}

async function append(path: string, stream: Writable, data: Buffer): Promise<void> {
  const error = await new Promise<unknown>((resolve) => stream.write(data, resolve))
  if (error) fail(COPY_KINDS.unwritable, { path, error })
}
