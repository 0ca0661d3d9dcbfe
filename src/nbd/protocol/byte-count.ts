/** Sizes and lengths of 64 bits, which JavaScript numbers hold exactly only up to 2^53 - 1. */

/** Bytes: a number where it is exact, and a bigint above 2^53 - 1. */
export type ByteCount = number | bigint

export function toByteCount(value: bigint): ByteCount {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value
}
