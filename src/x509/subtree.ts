/** What lies within a subtree of names, as GnuTLS compares them, trailing dots and case aside. */
import type { AlternativeName } from './alternative-name.ts'
import { isNameWithin } from './canonical-name.ts'
import type { Subtree } from './name-constraints.ts'

/** Whether a name that could be compared lies within the subtree. */
export function covers(subtree: Subtree, { kind, value, bytes }: AlternativeName): boolean {
  if (subtree.kind !== kind) return false
  switch (subtree.kind) {
    case 'ip':
      return isAddressWithin(bytes, subtree)
    case 'directory':
      return isNameWithin(bytes, subtree.name)
    case 'dns':
      return isHostWithin(value, subtree.value)
    case 'email':
      return isMailboxWithin(value, subtree.value)
    case 'uri':
      return isUriWithin(value, subtree.value)
    default:
      return false
  }
}

/**
 * Whether the `*` of a name may stand for a host within the subtree, as that of `*.good.org` for
 * `evil.good.org`. GnuTLS compares the star like any letter, so such a name evades an exclusion there.
 */
export function standsForOneOf(subtree: Subtree, { kind, value }: AlternativeName): boolean {
  if (subtree.kind !== 'dns' || kind !== 'dns' || !value.startsWith('*')) return false
  const [host, rest] = [canonicalHost(subtree.value), canonicalHost(value.slice(1))]
  // The star is one label.
  return host.endsWith(rest) && !host.slice(0, host.length - rest.length).includes('.')
}

/** Whether all that lies within the first lies within the second. */
export function isWithin(inner: Subtree, outer: Subtree): boolean {
  if (inner.kind === 'ip') {
    return (
      outer.kind === 'ip' &&
      isAddressWithin(inner.address, outer) &&
      Buffer.compare(inner.mask, outer.mask) >= 0
    )
  }
  if (outer.kind === 'ip' || inner.kind !== outer.kind) return false
  const value = inner.kind === 'directory' ? '' : inner.value
  const bytes = inner.kind === 'directory' ? inner.name : Buffer.from(value, 'latin1')
  if (inner.kind === 'email' && !value.includes('@')) return isDomainWithin(value, outer)
  return covers(outer, { kind: inner.kind, value, bytes })
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

function isHostWithin(host: string, parent: string): boolean {
  const [name, wanted] = [canonicalHost(host), canonicalHost(parent)]
  if (wanted === '' || name === wanted) return true
  return name.endsWith(wanted.startsWith('.') ? wanted : `.${wanted}`)
}

/** The part before the @ is for its own host to compare, so its case counts (RFC 5321 section 2.4). */
function isMailboxWithin(mailbox: string, wanted: string): boolean {
  if (wanted === '') return true
  const [user, host] = splitMailbox(mailbox)
  const [wantedUser, wantedHost] = splitMailbox(wanted)
  if (wantedUser === undefined) return isDomainCovered(host, wantedHost)
  return user === wantedUser && canonicalHost(host) === canonicalHost(wantedHost)
}

function isDomainWithin(domain: string, outer: Subtree): boolean {
  if (outer.kind !== 'email' || outer.value.includes('@')) return false
  return outer.value === '' || isDomainCovered(domain, outer.value)
}

/** With a dot in front all hosts below, without it one host. */
function isDomainCovered(host: string, wanted: string): boolean {
  const [name, domain] = [canonicalHost(host), canonicalHost(wanted)]
  return domain.startsWith('.') ? name.endsWith(domain) : name === domain
}

function splitMailbox(mailbox: string): readonly [user: string | undefined, host: string] {
  const at = mailbox.lastIndexOf('@')
  return at < 0 ? [undefined, mailbox] : [mailbox.slice(0, at), mailbox.slice(at + 1)]
}

/** A URI without the name of a host lies within nothing. */
function isUriWithin(uri: string, wanted: string): boolean {
  const host = hostOfUri(uri)
  return host !== undefined && (wanted === '' || isDomainCovered(host, wanted))
}

/** The name of the host as it is written: nothing is decoded or mapped (RFC 3986 section 3.2). */
function hostOfUri(uri: string): string | undefined {
  const [, authority = ''] = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(uri) ?? []
  const [, host] = /^(?:[^@]*@)?([a-z0-9_.-]+)(?::\d*)?$/i.exec(authority) ?? []
  return host !== undefined && /[a-z]/i.test(host) ? host : undefined
}

function canonicalHost(host: string): string {
  return host.replace(/[A-Z]/g, (letter) => letter.toLowerCase()).replace(/\.+$/, '')
}
