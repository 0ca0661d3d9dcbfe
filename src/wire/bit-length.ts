/** How many bits a number has that is not negative, big endian; zeroes before it do not count. */
export function bitLength(number: Buffer): number {
  const first = number.findIndex((byte) => byte !== 0)
  if (first < 0) return 0
  return (number.length - first) * 8 - Math.clz32(number.readUInt8(first)) + 24
}
