/** The eight ordered lists that a priority string edits. */
import type { TlsVersion } from '../algorithms/tls-versions.ts'
import type {
  GnutlsCipher,
  GnutlsGroup,
  GnutlsKeyExchange,
  GnutlsMac,
  GnutlsSignature,
} from './gnutls-algorithms.ts'

export type CertificateType = { readonly name: 'X.509' | 'Raw Public Key' }

/** What each list holds. */
export type ListItems = {
  readonly protocols: TlsVersion
  readonly ciphers: GnutlsCipher
  readonly macs: GnutlsMac
  readonly keyExchanges: GnutlsKeyExchange
  readonly groups: GnutlsGroup
  readonly signatures: GnutlsSignature
  readonly clientCertificates: CertificateType
  readonly serverCertificates: CertificateType
}

export type ListName = keyof ListItems

/** Every list holds each item at most once, in order of preference. */
export type PriorityLists = { [Name in ListName]: ListItems[Name][] }

/** What people call each list. */
export const LIST_TITLES: Readonly<Record<ListName, string>> = {
  protocols: 'protocols',
  ciphers: 'ciphers',
  macs: 'MACs',
  keyExchanges: 'key exchanges',
  groups: 'groups',
  signatures: 'signature algorithms',
  clientCertificates: 'client certificate types',
  serverCertificates: 'server certificate types',
}

/** Every list, in the order in which people read them. */
export const LIST_NAMES = Object.keys(LIST_TITLES) as readonly ListName[]

type ChangeOf<Name extends ListName> = {
  readonly list: Name
  /** What `+` appends. */
  readonly items: readonly ListItems[Name][]
  /** What `-` and `!` remove: those items, others, or whatever the list holds. */
  readonly removes: 'items' | 'everything' | readonly ListItems[Name][]
}

/** What one word does to one list. */
export type Change = { [Name in ListName]: ChangeOf<Name> }[ListName]

type Item = ListItems[ListName]

/** Lists that hold nothing. */
export function emptyLists(): PriorityLists {
  return {
    protocols: [],
    ciphers: [],
    macs: [],
    keyExchanges: [],
    groups: [],
    signatures: [],
    clientCertificates: [],
    serverCertificates: [],
  }
}

/** Lists of their own with the same items. */
export function copyLists(lists: PriorityLists): PriorityLists {
  return {
    protocols: [...lists.protocols],
    ciphers: [...lists.ciphers],
    macs: [...lists.macs],
    keyExchanges: [...lists.keyExchanges],
    groups: [...lists.groups],
    signatures: [...lists.signatures],
    clientCertificates: [...lists.clientCertificates],
    serverCertificates: [...lists.serverCertificates],
  }
}

/** Appends what the list does not hold yet; what it holds keeps its place. */
export function addItems(lists: PriorityLists, change: Change): void {
  const list = itemsOf(lists, change.list)
  for (const item of change.items) if (!list.includes(item)) list.push(item)
}

/** Makes the list hold just the items of the change. */
export function replaceItems(lists: PriorityLists, change: Change): void {
  itemsOf(lists, change.list).splice(0, Number.POSITIVE_INFINITY, ...change.items)
}

/** Takes out what the change removes. */
export function removeItems(lists: PriorityLists, change: Change): void {
  const list = itemsOf(lists, change.list)
  if (change.removes === 'everything') {
    list.length = 0
    return
  }
  const items: readonly Item[] = change.removes === 'items' ? change.items : change.removes
  for (const item of items) {
    const at = list.indexOf(item)
    if (at >= 0) list.splice(at, 1)
  }
}

/** A list as items of no particular class, for code that treats all lists alike. */
export function itemsOf(lists: PriorityLists, name: ListName): Item[] {
  return lists[name]
}
