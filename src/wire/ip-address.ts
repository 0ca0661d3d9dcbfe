/** IP addresses as bytes and as text (RFC 4291, RFC 5952). Nothing but an address is read as one. */

/** The bytes of an address, 4 or 16; undefined for any other text, also for one with a zone. */
export function parseIpAddress(text: string): Buffer | undefined {
  const bytes = text.includes(':') ? parseGroups(text) : parseOctets(text)
  return bytes && Buffer.from(bytes)
}

/** `192.0.2.1`: four numbers without zeros in front, which some readers take for octal. */
function parseOctets(text: string): readonly number[] | undefined {
  const parts = text.split('.')
  const isAddress = parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part))
  const octets = parts.map(Number)
  return isAddress && octets.every((octet) => octet < 256) ? octets : undefined
}

/** Groups of 16 bits, `::` for some that are 0, and perhaps an IPv4 address at the end. */
function parseGroups(text: string): readonly number[] | undefined {
  const [head = '', tail, ...more] = text.split('::')
  if (more.length > 0) return undefined
  const first = parseSide(head, tail === undefined)
  const last = parseSide(tail ?? '', true)
  if (!first || !last) return undefined
  const missing = 16 - first.length - last.length
  const isWhole = tail === undefined ? missing === 0 : missing >= 2
  return isWhole ? [...first, ...Array<number>(missing).fill(0), ...last] : undefined
}

function parseSide(text: string, isLast: boolean): readonly number[] | undefined {
  if (text === '') return []
  const groups = text.split(':')
  const bytes = groups.map((group, at) => {
    if (isLast && at === groups.length - 1 && group.includes('.')) return parseOctets(group)
    if (!/^[0-9a-f]{1,4}$/i.test(group)) return undefined
    const number = Number.parseInt(group, 16)
    return [number >> 8, number & 0xff]
  })
  return bytes.every((group) => group !== undefined) ? bytes.flat() : undefined
}

/** `192.0.2.1`, or the eight groups of `2001:db8:0:0:0:0:0:1`; of no other length an address. */
export function printIpAddress(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.')
  if (bytes.length !== 16) return `#${bytes.toString('hex')}`
  return groupsOf(bytes).join(':')
}

/** The shortest form: the longest run of zeros is left out, the first of several. */
export function printShortIpAddress(bytes: Buffer): string {
  if (bytes.length !== 16) return printIpAddress(bytes)
  const groups = groupsOf(bytes)
  const { start, length } = longestZeros(groups)
  if (length < 2) return groups.join(':')
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`
}

function groupsOf(bytes: Buffer): readonly string[] {
  return [0, 2, 4, 6, 8, 10, 12, 14].map((at) => bytes.readUInt16BE(at).toString(16))
}

function longestZeros(groups: readonly string[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 }
  for (let start = 0; start < groups.length; start++) {
    const end = groups.findIndex((group, at) => at >= start && group !== '0')
    const length = (end < 0 ? groups.length : end) - start
    if (length > longest.length) longest = { start, length }
  }
  return longest
}
