/** Sizes as people write and read them. */
import { InvalidArgumentError } from 'commander'

const UNITS = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB']

/** `1.5 GiB`; below a KiB `512 bytes`. */
export function formatSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`
  let value = bytes
  let unit = 'bytes'
  for (const next of UNITS) {
    if (value < 1024) break
    value /= 1024
    unit = next
  }
  return `${value.toFixed(value < 10 && !Number.isInteger(value) ? 1 : 0)} ${unit}`
}

/** Reads `4096`, `64k`, `1M` or `2GiB`, in powers of 1024. @throws InvalidArgumentError */
export function parseSize(text: string): number {
  const [, digits, unit = ''] = /^(\d+)([KMGTP]?)(?:i?B)?$/i.exec(text) ?? []
  const power = unit === '' ? 0 : 'KMGTP'.indexOf(unit.toUpperCase()) + 1
  const size = Number(digits) * 1024 ** power
  if (!Number.isSafeInteger(size)) {
    throw new InvalidArgumentError('a size is a number with K, M, G or T behind it.')
  }
  return size
}

/** Reads a whole number of at least one. @throws InvalidArgumentError */
export function parseCount(text: string): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (count < 1) throw new InvalidArgumentError('it has to be a whole number above 0.')
  return count
}
