/** XBZRLE: what changed of a page, as runs of bytes that are the same and of bytes that are new. */

/**
 * Changes a page in place.
 *
 * @returns Whether the encoding is sound; if not, part of the page may have been changed.
 */
export function applyXbzrle(encoded: Buffer, page: Buffer): boolean {
  let target = 0
  for (let at = 0; at < encoded.length; ) {
    const same = readLength(encoded, at)
    if (!same) return false
    const changed = readLength(encoded, same.end)
    if (!changed || changed.value === 0) return false
    target += same.value
    const end = changed.end + changed.value
    if (end > encoded.length || target + changed.value > page.length) return false
    encoded.copy(page, target, changed.end, end)
    target += changed.value
    at = end
  }
  return true
}

/** A length in one or two bytes, seven bits in each, the low ones first. */
function readLength(bytes: Buffer, at: number): { value: number; end: number } | undefined {
  const low = bytes[at]
  if (low === undefined) return undefined
  if (low < 0x80) return { value: low, end: at + 1 }
  const high = bytes[at + 1]
  if (high === undefined || high >= 0x80) return undefined
  return { value: (high << 7) | (low & 0x7f), end: at + 2 }
}
