/** The file that tells how far a copy came, so that it can be resumed after whatever ended it. */
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, rmSync } from 'node:fs'
import { replaceFile } from '../files/atomic-file.ts'
import { type ByteRange, ByteRanges } from './byte-ranges.ts'
import { OWN_FILE_FLAGS, readOwnText } from './own-file.ts'

/** What a state belongs to. All of it has to be the same for the copy to go on. */
export type TransferBinding = {
  readonly source: string
  readonly destination: string
  /** In bytes. */
  readonly size: number
}

const FORMAT = 'cryptopolicy-copy-1'

/** The largest state that is read, in bytes. */
export const STATE_LIMIT = 0x100_0000

/** Writes a state, whole or not at all. Everything in `done` has to be on disk already. */
export function saveState(
  path: string,
  binding: TransferBinding,
  done: readonly ByteRange[],
): void {
  replaceFile(path, `${JSON.stringify({ format: FORMAT, ...binding, done })}\n`, 0o600)
}

/** What each state begins with. */
const HEAD = `{"format":"${FORMAT}"`

/**
 * Says in words why no state may be written where a user wants it: what stands there is something else, which would
 * be lost. Undefined where there is nothing, or an earlier state.
 */
export function reasonNotState(path: string): string | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (!stats) return undefined
  if (!stats.isFile()) return 'it is not a regular file'
  const descriptor = openSync(path, constants.O_RDONLY | OWN_FILE_FLAGS)
  try {
    if (fstatSync(descriptor).size === 0) return undefined
    const head = Buffer.alloc(HEAD.length)
    const length = readSync(descriptor, head, 0, head.length, 0)
    return head.toString('latin1', 0, length) === HEAD ? undefined : 'it is no state of a copy'
  } finally {
    closeSync(descriptor)
  }
}

/** A state that was read: what is done already, or why nothing is. */
export type LoadedState = { readonly done: ByteRanges } | { readonly reason: string }

/** @returns undefined where there is none. */
export function loadState(path: string, binding: TransferBinding): LoadedState | undefined {
  const file = readOwnText(path, STATE_LIMIT)
  if (!file) return undefined
  if ('reason' in file) return file
  const state = parse(file.text)
  if (!isRecord(state) || state.format !== FORMAT) return { reason: 'it is no state of a copy' }
  if (state.source !== binding.source) return { reason: 'it belongs to another source' }
  if (state.size !== binding.size) return { reason: 'the size of the source has changed' }
  if (state.destination !== binding.destination)
    return { reason: 'it belongs to another destination' }
  const done = readRanges(state.done, binding.size)
  return done ? { done: new ByteRanges(done) } : { reason: 'it is damaged' }
}

export function removeState(path: string): void {
  rmSync(path, { force: true })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function readRanges(value: unknown, size: number): readonly ByteRange[] | undefined {
  if (!Array.isArray(value)) return undefined
  return value.every((range) => isRange(range, size)) ? (value as ByteRange[]) : undefined
}

function isRange(value: unknown, size: number): value is ByteRange {
  if (!Array.isArray(value) || value.length !== 2) return false
  const [start, end] = value
  return (
    Number.isSafeInteger(start) &&
    Number.isSafeInteger(end) &&
    start >= 0 &&
    start < end &&
    end <= size
  )
}
