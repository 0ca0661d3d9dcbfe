/**
 * What lies within a subtree of names, as GnuTLS compares them, trailing dots and case aside.
 *
 * Names and subtrees are brought into the form in which they are compared once: there may be thousands
 * of both, and each is compared with all of the others.
 */
import type { AlternativeName } from './alternative-name.ts'
import { type CanonicalName, canonicalName, isNameWithin } from './canonical-name.ts'
import type { Subtree } from './name-constraints.ts'

/** A name as it is compared; `value` is for messages. */
export type ComparedName = { readonly value: string } & (
  | { readonly kind: 'ip'; readonly bytes: Buffer }
  | { readonly kind: 'directory'; readonly name: CanonicalName }
  | { readonly kind: 'email'; readonly mailbox: Mailbox }
  | { readonly kind: 'dns'; readonly host: string }
  /** A URI without the name of a host lies within nothing. */
  | { readonly kind: 'uri'; readonly host: string | undefined }
  | { readonly kind: 'srv' | 'other' }
)

/** A subtree as it is compared. */
export type ComparedSubtree =
  | Extract<Subtree, { kind: 'ip' }>
  | { readonly kind: 'directory'; readonly name: CanonicalName }
  | { readonly kind: 'email'; readonly isEmpty: boolean; readonly mailbox: Mailbox }
  | { readonly kind: 'dns' | 'uri' | 'srv'; readonly isEmpty: boolean; readonly host: string }

type Mailbox = { readonly user: string | undefined; readonly host: string }

export function comparedName({ kind, value, bytes }: AlternativeName): ComparedName {
  switch (kind) {
    case 'ip':
      return { kind, value, bytes }
    case 'directory':
      return { kind, value, name: canonicalName(bytes) }
    case 'email':
      return { kind, value, mailbox: splitMailbox(value) }
    case 'dns':
      return { kind, value, host: canonicalHost(value) }
    case 'uri':
      return { kind, value, host: hostOfUri(value) }
    default:
      return { kind, value }
  }
}

export function comparedSubtree(subtree: Subtree): ComparedSubtree {
  const { kind } = subtree
  if (kind === 'ip') return subtree
  if (kind === 'directory') return { kind, name: canonicalName(subtree.name) }
  const isEmpty = subtree.value === ''
  return kind === 'email'
    ? { kind, isEmpty, mailbox: splitMailbox(subtree.value) }
    : { kind, isEmpty, host: canonicalHost(subtree.value) }
}

/** Whether a name that could be compared lies within the subtree. */
export function covers(subtree: ComparedSubtree, name: ComparedName): boolean {
  switch (name.kind) {
    case 'ip':
      return subtree.kind === 'ip' && isAddressWithin(name.bytes, subtree)
    case 'directory':
      return subtree.kind === 'directory' && isNameWithin(name.name, subtree.name)
    case 'dns':
      return subtree.kind === 'dns' && isHostWithin(name.host, subtree.host)
    case 'email':
      return subtree.kind === 'email' && isMailboxWithin(name.mailbox, subtree)
    case 'uri':
      return (
        subtree.kind === 'uri' &&
        name.host !== undefined &&
        (subtree.isEmpty || isDomainCovered(name.host, subtree.host))
      )
    default:
      return false
  }
}

/**
 * Whether the `*` of a name may stand for a host within the subtree, as that of `*.good.org` for
 * `evil.good.org`. GnuTLS compares the star like any letter, so such a name evades an exclusion there.
 */
export function standsForOneOf(subtree: ComparedSubtree, name: ComparedName): boolean {
  if (subtree.kind !== 'dns' || name.kind !== 'dns' || !name.host.startsWith('*')) return false
  const { host } = subtree
  const rest = name.host.slice(1)
  // The star is one label.
  return host.endsWith(rest) && !host.slice(0, host.length - rest.length).includes('.')
}

/** Whether all that lies within the first lies within the second. */
export function isWithin(inner: ComparedSubtree, outer: ComparedSubtree): boolean {
  switch (inner.kind) {
    case 'ip':
      return (
        outer.kind === 'ip' &&
        isAddressWithin(inner.address, outer) &&
        Buffer.compare(inner.mask, outer.mask) >= 0
      )
    case 'directory':
      return outer.kind === 'directory' && isNameWithin(inner.name, outer.name)
    case 'dns':
      return outer.kind === 'dns' && isHostWithin(inner.host, outer.host)
    case 'email':
      return outer.kind === 'email' && isMailSubtreeWithin(inner.mailbox, outer)
    default:
      return false
  }
}

function isAddressWithin(
  bytes: Buffer,
  { address, mask }: { readonly address: Buffer; readonly mask: Buffer },
): boolean {
  return (
    bytes.length === address.length &&
    bytes.every((byte, at) => ((byte ^ (address[at] ?? 0)) & (mask[at] ?? 0)) === 0)
  )
}

function isHostWithin(name: string, wanted: string): boolean {
  if (wanted === '' || name === wanted) return true
  if (!name.endsWith(wanted)) return false
  return wanted.startsWith('.') || name.at(-wanted.length - 1) === '.'
}

type MailSubtree = Extract<ComparedSubtree, { kind: 'email' }>

/** The part before the @ is for its own host to compare, so its case counts (RFC 5321 section 2.4). */
function isMailboxWithin({ user, host }: Mailbox, { isEmpty, mailbox }: MailSubtree): boolean {
  if (isEmpty) return true
  if (mailbox.user === undefined) return isDomainCovered(host, mailbox.host)
  return user === mailbox.user && host === mailbox.host
}

/** A subtree without an @ is a domain, which lies within no single mailbox. */
function isMailSubtreeWithin(inner: Mailbox, outer: MailSubtree): boolean {
  if (inner.user === undefined && outer.mailbox.user !== undefined) return false
  return isMailboxWithin(inner, outer)
}

/** With a dot in front all hosts below, without it one host. */
function isDomainCovered(host: string, domain: string): boolean {
  return domain.startsWith('.') ? host.endsWith(domain) : host === domain
}

function splitMailbox(mailbox: string): Mailbox {
  const at = mailbox.lastIndexOf('@')
  const user = at < 0 ? undefined : mailbox.slice(0, at)
  return { user, host: canonicalHost(mailbox.slice(at + 1)) }
}

/** The name of the host as it is written: nothing is decoded or mapped (RFC 3986 section 3.2). */
function hostOfUri(uri: string): string | undefined {
  const [, authority = ''] = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(uri) ?? []
  const [, host] = /^(?:[^@]*@)?([a-z0-9_.-]+)(?::\d*)?$/i.exec(authority) ?? []
  return host !== undefined && /[a-z]/i.test(host) ? canonicalHost(host) : undefined
}

function canonicalHost(host: string): string {
  const text = host.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
  let end = text.length
  // A regular expression for this would take quadratic time where many dots stand within.
  while (text[end - 1] === '.') end--
  return text.slice(0, end)
}
