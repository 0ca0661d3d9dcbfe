/**
 * Where a migration goes to or comes from, in QEMU's words: `tcp:HOST:PORT`, `unix:PATH`, `fd:N`,
 * `exec:COMMAND`, `file:PATH,offset=N`, `vsock:CID:PORT` (QEMU's util/qemu-sockets.c says how they are read).
 */
import { fail } from '../../diagnostics/diagnostic.ts'
import { didYouMean } from '../../diagnostics/suggestion.ts'
import { printAddress } from '../../net/address.ts'
import { printShellCommand } from '../../net/shell-command.ts'
import type { RefuseUri } from '../../net/uri.ts'
import { ADDRESS_KINDS } from './address-diagnostics.ts'
import { parseTcp, type TcpUri } from './tcp-uri.ts'

type UnixUri = { readonly kind: 'unix'; readonly path: string }

/** A descriptor that this process was started with. */
type DescriptorUri = { readonly kind: 'fd'; readonly descriptor: number }

/** A command of the shell: its standard input and output are the connection. */
type CommandUri = { readonly kind: 'exec'; readonly command: string }

type FileUri = {
  readonly kind: 'file'
  readonly path: string
  /** Where the migration begins in the file, in bytes. */
  readonly offset: number
}

type VsockUri = { readonly kind: 'vsock'; readonly cid: number; readonly port: number }

export type MigrationUri = TcpUri | UnixUri | DescriptorUri | CommandUri | FileUri | VsockUri

const PARSERS = {
  tcp: parseTcp,
  unix: parseUnix,
  fd: parseDescriptor,
  exec: parseCommand,
  file: parseFile,
  vsock: parseVsock,
} as const

const PROTOCOLS = Object.keys(PARSERS)

/**
 * @param refuse Refuses what follows its first word, where this is no place of a migration.
 * @throws DiagnosticError MIGRATION_URI_INVALID.
 */
export function parseMigrationUri(
  text: string,
  refuse: RefuseUri = (reason, hint) => fail(ADDRESS_KINDS.invalidUri, { text, reason, hint }),
): MigrationUri {
  const colon = text.indexOf(':')
  const protocol = text.slice(0, Math.max(colon, 0))
  if (!Object.hasOwn(PARSERS, protocol)) {
    // What stands there may be anything, also a password.
    const reason = `it does not begin with ${PROTOCOLS.map((name) => `${name}:`).join(', ')}`
    return fail(ADDRESS_KINDS.invalidUri, {
      text: colon < 0 ? text : `${protocol}:`,
      reason,
      hint: didYouMean(protocol, PROTOCOLS) ?? 'for instance tcp:host.example.com:49152',
    })
  }
  return PARSERS[protocol as keyof typeof PARSERS](text.slice(colon + 1), refuse)
}

/** For messages. */
export function printMigrationUri(uri: MigrationUri): string {
  switch (uri.kind) {
    case 'tcp':
    case 'unix':
      return printAddress(uri)
    case 'fd':
      return `descriptor ${uri.descriptor}`
    case 'exec':
      return printShellCommand(uri.command)
    case 'file':
      return uri.path
    case 'vsock':
      return `vsock:${uri.cid}:${uri.port}`
  }
}

/** In bytes: the room in `struct sockaddr_un`, less a zero behind the path. */
const UNIX_PATH_LIMIT = 107

/** All that follows is the path; QEMU knows no options here. */
function parseUnix(path: string, refuse: RefuseUri): UnixUri {
  if (path === '') refuse('it has no path')
  if (path.includes('\0')) refuse('its path has a NUL')
  if (Buffer.byteLength(path) > UNIX_PATH_LIMIT) {
    refuse(`its path has more than ${UNIX_PATH_LIMIT} bytes, which no socket can have`)
  }
  return { kind: 'unix', path }
}

/** The largest descriptor there can be. */
const DESCRIPTOR_LIMIT = 2 ** 31 - 1

function parseDescriptor(text: string, refuse: RefuseUri): DescriptorUri {
  const descriptor = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (descriptor <= DESCRIPTOR_LIMIT) return { kind: 'fd', descriptor }
  return refuse(
    'it has no number of a descriptor',
    'the shell opens one: cryptopolicy migrate ... fd:3 3<>FILE; names are known to the monitor of QEMU alone',
  )
}

function parseCommand(command: string, refuse: RefuseUri): CommandUri {
  if (command.trim() === '') refuse('it has no command')
  if (command.includes('\0')) refuse('its command has a NUL')
  return { kind: 'exec', command }
}

const OFFSET = ',offset='

function parseFile(text: string, refuse: RefuseUri): FileUri {
  const at = text.indexOf(OFFSET)
  const path = at < 0 ? text : text.slice(0, at)
  if (path === '') refuse('it has no path')
  if (path.includes('\0')) refuse('its path has a NUL')
  const offset = at < 0 ? 0 : parseOffset(text.slice(at + OFFSET.length), refuse)
  return { kind: 'file', path, offset }
}

/** As QEMU's sizes: hexadecimal, or decimal with a fraction and one letter for the unit. */
function parseOffset(text: string, refuse: RefuseUri): number {
  const [, digits, unit = ''] = /^(0x[\da-f]+|\d+(?:\.\d*)?|\.\d+)([BKMGTPE]?)$/i.exec(text) ?? []
  const power = 'BKMGTPE'.indexOf(unit.toUpperCase())
  const offset = Math.trunc(Number(digits) * 1024 ** Math.max(power, 0))
  if (Number.isSafeInteger(offset)) return offset
  return refuse('its offset is no number of bytes below 2^53', 'for instance: file:PATH,offset=1M')
}

const NUMBER_LIMIT = 2 ** 32 - 1

/** `CID:PORT`, each a number of 32 bits. */
function parseVsock(text: string, refuse: RefuseUri): VsockUri {
  const [, cid, port] = /^(\d{1,10}):(\d{1,10})$/.exec(text) ?? []
  const numbers = [Number(cid), Number(port)] as const
  if (numbers.every((number) => number <= NUMBER_LIMIT)) {
    return { kind: 'vsock', cid: numbers[0], port: numbers[1] }
  }
  return refuse('it is not vsock:CID:PORT with two numbers')
}
