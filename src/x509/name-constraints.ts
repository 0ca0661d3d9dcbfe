/** Which names the certificates below an authority may have (RFC 5280 section 4.2.1.10). */

import { DER, type DerElement, readElements, readOnly, requireTag } from '../asn1/der.ts'
import { type AlternativeName, GENERAL_NAME, readGeneralName } from './alternative-name.ts'
import type { Certificate } from './certificate.ts'
import { COMMON_NAME, EMAIL_ADDRESS, readName } from './distinguished-name.ts'
import { isForServers } from './purposes.ts'

/** A name that a constraint allows or excludes, with all names below it. */
type Subtree =
  | { readonly kind: 'ip'; readonly address: Buffer; readonly mask: Buffer }
  | { readonly kind: Exclude<AlternativeName['kind'], 'ip'>; readonly value: string }

export type NameConstraints = {
  readonly permitted: readonly Subtree[]
  readonly excluded: readonly Subtree[]
}

/** Every name is compared with every constraint; more than this is an attack (CVE-2024-12243). */
const MAX_COMPARISONS = 1_000_000

/**
 * NameConstraints ::= SEQUENCE { permittedSubtrees [0], excludedSubtrees [1] }.
 *
 * @throws RangeError where they are malformed.
 */
export function readNameConstraints(value: Buffer): NameConstraints {
  const fields = readOnly(value, DER.sequence)
  const subtrees = (wanted: number): readonly Subtree[] =>
    fields
      .filter(({ tag }) => tag === wanted)
      .flatMap(({ body }) => readElements(body).map(readSubtree))
  return { permitted: subtrees(0xa0), excluded: subtrees(0xa1) }
}

function readSubtree(element: DerElement): Subtree {
  const [base] = readElements(requireTag(element, DER.sequence).body)
  if (!base) throw new RangeError('a name constraint has no name')
  if (base.tag !== GENERAL_NAME.ip) return readGeneralName(base) as Subtree
  const half = base.body.length / 2
  if (half !== 4 && half !== 16) throw new RangeError('a name constraint has a bad address')
  return { kind: 'ip', address: base.body.subarray(0, half), mask: base.body.subarray(half) }
}

/** A name of the certificate that a constraint of an authority above it forbids. */
export function findForbiddenName(
  certificate: Certificate,
  constraints: NameConstraints,
): string | undefined {
  const { permitted, excluded } = constraints
  const names = namesOf(certificate)
  if (names.length * (permitted.length + excluded.length) > MAX_COMPARISONS) return 'all names'
  return names.find((name) => isForbidden(name, constraints))?.value
}

function isForbidden(name: AlternativeName, { permitted, excluded }: NameConstraints): boolean {
  if (excluded.some((subtree) => covers(subtree, name))) return true
  const ofKind = permitted.filter((subtree) => speaksOf(subtree, name))
  return ofKind.length > 0 && !ofKind.some((subtree) => covers(subtree, name))
}

/**
 * The names that may identify the holder: the common name and the address in the subject stand
 * in where there is no alternative name of their kind.
 */
function namesOf(certificate: Certificate): readonly AlternativeName[] {
  const { alternativeNames, subject } = certificate
  const names: AlternativeName[] = [...alternativeNames]
  const has = (kind: string): boolean => alternativeNames.some((name) => name.kind === kind)
  if (subject !== '') names.push({ kind: 'directory', value: subject })
  if (!has('email')) names.push(...attributes(certificate, EMAIL_ADDRESS, 'email'))
  if (!has('dns') && isForServers(certificate)) {
    names.push(...attributes(certificate, COMMON_NAME, 'dns'))
  }
  return names
}

function attributes(
  { link }: Certificate,
  identifier: string,
  kind: 'email' | 'dns',
): readonly AlternativeName[] {
  const found = readName(link.subject)
    .flat()
    .filter((row) => row.identifier === identifier)
  return found.flatMap(({ text }) => (text === undefined ? [] : [{ kind, value: text }]))
}

function speaksOf(subtree: Subtree, { kind, value }: AlternativeName): boolean {
  if (subtree.kind !== kind) return false
  return subtree.kind !== 'ip' || subtree.address.length === addressBytes(value).length
}

function covers(subtree: Subtree, name: AlternativeName): boolean {
  if (!speaksOf(subtree, name)) return false
  if (subtree.kind === 'ip') return coversAddress(subtree, addressBytes(name.value))
  const wanted = subtree.value.toLowerCase()
  const value = name.value.toLowerCase()
  switch (subtree.kind) {
    case 'dns':
      return wanted === '' || isBelow(value, wanted)
    case 'email':
      return coversMailbox(wanted, value)
    case 'uri':
      return coversHost(wanted, uriHost(value))
    case 'directory':
      return wanted === '' || value === wanted || value.startsWith(`${wanted},`)
    default:
      // Nobody knows what is below a name of an unknown kind: whatever is, is forbidden.
      return true
  }
}

function isBelow(name: string, parent: string): boolean {
  return name === parent || name.endsWith(parent.startsWith('.') ? parent : `.${parent}`)
}

function coversMailbox(wanted: string, mailbox: string): boolean {
  if (wanted.includes('@')) return mailbox === wanted
  return coversHost(wanted, mailbox.slice(mailbox.lastIndexOf('@') + 1))
}

/** With a dot in front all hosts below, without it one host. */
function coversHost(wanted: string, host: string): boolean {
  return wanted.startsWith('.') ? host.endsWith(wanted) : wanted === '' || host === wanted
}

function uriHost(uri: string): string {
  return URL.canParse(uri) ? new URL(uri).hostname : ''
}

function coversAddress(
  { address, mask }: { readonly address: Buffer; readonly mask: Buffer },
  bytes: Buffer,
): boolean {
  return bytes.every((byte, at) => ((byte ^ (address[at] ?? 0)) & (mask[at] ?? 0)) === 0)
}

/** The bytes of what `printAddress` wrote. */
function addressBytes(text: string): Buffer {
  if (text.startsWith('#')) return Buffer.from(text.slice(1), 'hex')
  if (text.includes('.')) return Buffer.from(text.split('.').map(Number))
  const bytes = Buffer.alloc(16)
  for (const [at, group] of text.split(':').entries())
    bytes.writeUInt16BE(Number(`0x${group}`), at * 2)
  return bytes
}
