/** Numbers of the human monitor, read as QEMU reads them: `10`, `0x10`, `010` for 8, and of sizes `10M` and `1.5G`. */
import { refuseCommand } from '../protocol/qmp-error.ts'

const MOST = 2n ** 64n - 1n
const UNITS = 'bkmgtpe'

/** A number without a unit. @throws QmpError */
export function readInteger(name: string, text: string): bigint {
  const [, sign = '', digits = ''] = /^([+-]?)(0x[0-9a-f]{1,20}|[0-9]{1,30})$/i.exec(text) ?? []
  const value = parseDigits(digits)
  if (value === undefined || value > MOST) {
    return refuseCommand(`Parameter '${name}' expects uint64`)
  }
  return sign === '-' ? -value : value
}

/** As strtoull(3) does with base 0. */
function parseDigits(digits: string): bigint | undefined {
  if (/^0[0-7]+$/.test(digits)) return BigInt(`0o${digits.slice(1)}`)
  return /^(0|[1-9][0-9]*|0x[0-9a-f]+)$/i.test(digits) ? BigInt(digits) : undefined
}

/** B and E are digits. */
const HEXADECIMAL = /^\+?(0x[0-9a-f]{1,20})([kmgtp])?$/i

/** Whether a size is in hexadecimal and has a suffix. */
export function hasHexSuffix(text: string): boolean {
  return HEXADECIMAL.exec(text)?.[2] !== undefined
}

/**
 * A size; one without a suffix is in units of its own.
 *
 * @returns undefined where it is none, 2^64 where it is too large.
 */
export function readHumanSize(text: string, unit: bigint): bigint | undefined {
  const [, hexadecimal, letter] = HEXADECIMAL.exec(text) ?? []
  if (hexadecimal !== undefined) return atMost(BigInt(hexadecimal) * scaleOf(letter, unit))
  const [, whole, fraction = '', suffix] =
    /^\+?([0-9]{1,30})(?:\.([0-9]{0,18}))?([bkmgtpe])?$/i.exec(text) ?? []
  if (whole === undefined) return undefined
  const scale = scaleOf(suffix, unit)
  // There are no parts of bytes.
  if (/[1-9]/.test(fraction) && scale === 1n) return undefined
  const part = (BigInt(fraction || '0') * scale) / 10n ** BigInt(fraction.length)
  return atMost(BigInt(whole) * scale + part)
}

function scaleOf(suffix: string | undefined, unit: bigint): bigint {
  return suffix === undefined ? unit : 1024n ** BigInt(UNITS.indexOf(suffix.toLowerCase()))
}

function atMost(value: bigint): bigint {
  return value > MOST ? MOST + 1n : value
}
