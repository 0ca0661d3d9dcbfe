/** Sizes as people read them. */

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
