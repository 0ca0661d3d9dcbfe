/** Compares distinguished names by what they say (RFC 5280 section 7.1, RFC 4518). */

import { readString } from './directory-string.ts'
import { type NameAttribute, readName } from './distinguished-name.ts'

/** Whether a name is that of a subtree or one below it; both in DER. */
export function isNameWithin(name: Buffer, subtree: Buffer): boolean {
  const relatives = readName(name)
  return readName(subtree).every((wanted, at) => isSameRelative(wanted, relatives[at] ?? []))
}

function isSameRelative(
  wanted: readonly NameAttribute[],
  found: readonly NameAttribute[],
): boolean {
  return (
    wanted.length === found.length &&
    wanted.every((attribute) => found.some((other) => isSameAttribute(attribute, other)))
  )
}

/** Values that have no text are the same where their bytes are. */
function isSameAttribute(one: NameAttribute, other: NameAttribute): boolean {
  if (one.identifier !== other.identifier) return false
  const [text, otherText] = [canonicalText(one), canonicalText(other)]
  if (text === undefined || otherText === undefined)
    return one.value.whole.equals(other.value.whole)
  return text === otherText
}

/** Without differences of case, of composed characters, of white space and of what is not seen. */
function canonicalText({ value }: NameAttribute): string | undefined {
  return readString(value)
    ?.normalize('NFKC')
    .replace(/[\p{Cf}\p{Cc}]/gu, '')
    .toUpperCase()
    .toLowerCase()
    .replace(/\s+/gu, ' ')
    .trim()
}
