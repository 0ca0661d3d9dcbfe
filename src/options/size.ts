/** Sizes as people write them. */

/** Reads `4096`, `64k`, `1M` or `2GiB`, in powers of 1024. @returns NaN where the text is no size. */
export function readSize(text: string): number {
  const [, digits, unit = ''] = /^(\d+)([KMGTPE]?)(?:i?B)?$/i.exec(text) ?? []
  const power = unit === '' ? 0 : 'KMGTPE'.indexOf(unit.toUpperCase()) + 1
  return Number(digits) * 1024 ** power
}
