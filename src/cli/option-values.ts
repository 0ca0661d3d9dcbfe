/** The values of options, checked as they are read. */
import { InvalidArgumentError } from 'commander'
import { parseMode } from '../net/socket-file.ts'
import { readSize } from '../options/size.ts'

/** Reads `4096`, `64k`, `1M` or `2GiB`, in powers of 1024. @throws InvalidArgumentError */
export function parseSize(text: string): number {
  const size = readSize(text)
  if (Number.isNaN(size)) {
    throw new InvalidArgumentError('a size is a number with K, M, G, T, P or E behind it.')
  }
  if (!Number.isSafeInteger(size)) {
    throw new InvalidArgumentError('the largest size here is 2^53 - 1 bytes, a byte less than 8P.')
  }
  return size
}

/** Reads a whole number of at least one. @throws InvalidArgumentError */
export function parseCount(text: string): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (count < 1) throw new InvalidArgumentError('it has to be a whole number above 0.')
  return count
}

/** What Node.js can wait for at most: 2^31 - 1 milliseconds. */
const LONGEST_WAIT = 2_147_483

/** Reads a time to wait, in seconds. @throws InvalidArgumentError */
export function parseWait(text: string): number {
  const seconds = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (seconds >= 1 && seconds <= LONGEST_WAIT) return seconds
  throw new InvalidArgumentError(`it has to be a whole number from 1 to ${LONGEST_WAIT}.`)
}

/** Reads a whole number. @throws InvalidArgumentError */
export function parseNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('it has to be a whole number.')
  return Number(text)
}

/** Reads the number of a TCP port. @throws InvalidArgumentError */
export function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 65_536
  if (port > 65_535) throw new InvalidArgumentError('a port is a number up to 65535.')
  return port
}

/** Reads an option that may be repeated. */
export function several<Value>(parse: (text: string) => Value) {
  return (text: string, before: readonly Value[] = []): readonly Value[] => [...before, parse(text)]
}

/** The name of a file that is read once: `-` is standard input, as of other programs. */
export function parseInputFile(path: string): string {
  return path === '-' ? '/dev/stdin' : path
}

/** Reads the permissions of a socket, in octal. @throws InvalidArgumentError */
export function parseSocketMode(text: string): number {
  const mode = parseMode(text)
  if (mode !== undefined) return mode
  throw new InvalidArgumentError('permissions are up to three octal digits, as 0660.')
}
