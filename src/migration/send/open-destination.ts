/** Opens the connection of one channel to a destination in QEMU's words. */
import { constants, createWriteStream, fstatSync, openSync, type WriteStream } from 'node:fs'
import { Socket } from 'node:net'
import { Duplex, type Writable } from 'node:stream'
import { fail } from '../../diagnostics/diagnostic.ts'
import { FILE_KINDS } from '../../files/file-diagnostics.ts'
import { dial } from '../../net/dial.ts'
import { runShellCommand } from '../../net/shell-command.ts'
import type { TlsCredentials } from '../../tls/credentials/credentials.ts'
import type { TlsFacts } from '../../tls/credentials/tls-session.ts'
import { ADDRESS_KINDS } from '../address/address-diagnostics.ts'
import { type MigrationUri, printMigrationUri } from '../address/migration-uri.ts'
import { SEND_KINDS } from './send-diagnostics.ts'

export type Destination = {
  /** Written to; read from where `isAnswering`. */
  readonly stream: Duplex | Writable
  readonly isAnswering: boolean
  readonly tls?: TlsFacts
  /** Waits for the end of a command, or until a file is on disk. @throws DiagnosticError */
  readonly finish: () => Promise<void>
  readonly destroy: () => void
}

export type DestinationOptions = {
  readonly credentials?: TlsCredentials | undefined
  /** The name that the certificate has to bear. */
  readonly hostname?: string | undefined
  /** To connect, and for the handshake, in milliseconds. */
  readonly timeout: number
  readonly signal: AbortSignal
}

/** @throws DiagnosticError NET_..., TLS_..., FILE_..., MIGRATION_URI_UNUSABLE. */
export async function openDestination(
  uri: MigrationUri,
  options: DestinationOptions,
): Promise<Destination> {
  const { credentials, hostname, timeout, signal } = options
  const clear = await openClear(uri, options)
  if (!credentials) return clear
  if (!(clear.stream instanceof Duplex) || !clear.isAnswering) {
    clear.destroy()
    const reason = 'TLS needs a connection that answers'
    return fail(ADDRESS_KINDS.unusableUri, { place: printMigrationUri(uri), reason })
  }
  signal.addEventListener('abort', clear.destroy, { once: true })
  const session = await credentials.connect(clear.stream, { hostname, timeout })
  const { socket: stream, ...tls } = session
  const destroy = () => {
    stream.destroy()
    // A command may outlive its connection.
    clear.destroy()
  }
  return { ...clear, stream, tls, destroy }
}

function openClear(uri: MigrationUri, options: DestinationOptions): Promise<Destination> {
  switch (uri.kind) {
    case 'tcp':
    case 'unix':
      return openSocket(uri, options)
    case 'fd':
      return openDescriptor(uri.descriptor)
    case 'exec':
      return openCommand(uri.command)
    case 'file':
      return openFile(uri.path, uri.offset)
    case 'vsock': {
      const reason = 'Node.js knows no sockets of this family'
      const hint = 'for instance: exec:socat - VSOCK-CONNECT:CID:PORT'
      return fail(ADDRESS_KINDS.unusableUri, { place: printMigrationUri(uri), reason, hint })
    }
  }
}

async function openSocket(
  uri: Extract<MigrationUri, { kind: 'tcp' | 'unix' }>,
  { timeout, signal }: DestinationOptions,
): Promise<Destination> {
  const family = uri.kind === 'tcp' ? uri.family : undefined
  const stream = await dial(uri, { timeout, signal, family, allowHalfOpen: true })
  return overSocket(stream)
}

function overSocket(stream: Socket): Destination {
  // What breaks it is told by what reads or writes at that time.
  stream.on('error', () => {})
  const destroy = () => void stream.destroy()
  return { stream, isAnswering: true, finish: async () => {}, destroy }
}

/** A socket answers; a pipe or a file only takes. */
async function openDescriptor(fd: number): Promise<Destination> {
  const place = `descriptor ${fd}`
  try {
    const stats = fstatSync(fd)
    if (stats.isSocket()) return overSocket(new Socket({ fd, allowHalfOpen: true }))
    return overFile(createWriteStream('', { fd }))
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error)
    const hint = 'the shell opens one: cryptopolicy migrate send ... --to fd:3 3<>FILE'
    return fail(ADDRESS_KINDS.unusableUri, { place, reason, hint })
  }
}

/** Its standard input and output are the connection, as QEMU has it. */
async function openCommand(command: string): Promise<Destination> {
  const { stream, ended, kill } = runShellCommand(command)
  const finish = async () => {
    const status = await ended
    if (status !== undefined) fail(SEND_KINDS.commandFailed, { status })
  }
  const destroy = () => {
    stream.destroy()
    kill()
  }
  return { stream, isAnswering: true, finish, destroy }
}

/** What stands before the offset stays, as of QEMU; so does what stands behind the migration. */
async function openFile(path: string, start: number): Promise<Destination> {
  try {
    const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT, OWNER_ONLY)
    return overFile(createWriteStream('', { fd, start, flush: true }))
  } catch (error) {
    return fail(FILE_KINDS.unwritable, { path, error })
  }
}

/** It holds the memory of a guest. */
const OWNER_ONLY = 0o600

function overFile(stream: WriteStream): Destination {
  stream.on('error', () => {})
  return {
    stream,
    isAnswering: false,
    finish: async () => {},
    destroy: () => void stream.destroy(),
  }
}
