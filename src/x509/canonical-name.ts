/** Compares distinguished names by what they say (RFC 5280 section 7.1, RFC 4518). */

import { readDirectoryString } from './directory-string.ts'
import { type NameAttribute, readName } from './distinguished-name.ts'

/** A text for each relative name; names that say the same have the same texts. */
export type CanonicalName = readonly string[]

/** A name in DER in the form in which names are compared. */
export function canonicalName(name: Buffer): CanonicalName {
  return readName(name).map((relative) => relative.map(canonicalAttribute).toSorted().join('\0'))
}

/** Whether a name is that of a subtree or one below it. */
export function isNameWithin(name: CanonicalName, subtree: CanonicalName): boolean {
  return subtree.every((relative, at) => relative === name[at])
}

/** Values that have no text are the same where their bytes are. */
function canonicalAttribute(attribute: NameAttribute): string {
  const { identifier, value } = attribute
  const text = canonicalText(attribute)
  return text === undefined
    ? `${identifier}#${value.whole.toString('hex')}`
    : `${identifier}=${text}`
}

/** Without differences of case, of composed characters, of white space and of what is not seen. */
function canonicalText({ value }: NameAttribute): string | undefined {
  return readDirectoryString(value)
    ?.normalize('NFKC')
    .replace(/[\p{Cf}\p{Cc}]/gu, '')
    .toUpperCase()
    .toLowerCase()
    .replace(/\s+/gu, ' ')
    .trim()
}
