/** Turns sets of names into changes of lists, with the items that a release has. */
import { TLS_VERSIONS, type TlsVersion } from '../algorithms/tls-versions.ts'
import {
  GNUTLS_CIPHERS,
  GNUTLS_GROUPS,
  GNUTLS_KEY_EXCHANGES,
  GNUTLS_MACS,
  GNUTLS_SIGNATURES,
} from './gnutls-algorithms.ts'
import type { NameSet } from './keywords.ts'
import type { Change } from './priority-lists.ts'
import { type Availability, type GnutlsRelease, isAvailable } from './releases.ts'

type Named = Availability & { readonly name: string }

/** Knows one release. */
export class ChangeBuilder {
  readonly release: GnutlsRelease

  constructor(release: GnutlsRelease) {
    this.release = release
  }

  protocols(names: readonly string[], removes: Change['removes'] = 'items'): Change {
    const items = names.map(protocolOf)
    return { list: 'protocols', items, removes } as Change
  }

  ciphers(names: NameSet): Change {
    return { list: 'ciphers', items: this.#pick(GNUTLS_CIPHERS, names), removes: 'everything' }
  }

  macs(names: NameSet): Change {
    return { list: 'macs', items: this.#pick(GNUTLS_MACS, names), removes: 'everything' }
  }

  keyExchanges(names: NameSet): Change {
    const items = this.#pick(GNUTLS_KEY_EXCHANGES, names)
    return { list: 'keyExchanges', items, removes: 'everything' }
  }

  signatures(names: NameSet): Change {
    return {
      list: 'signatures',
      items: this.#pick(GNUTLS_SIGNATURES, names),
      removes: 'everything',
    }
  }

  groups(names: NameSet, removes: 'items' | 'everything' = 'everything'): Change {
    return { list: 'groups', items: this.#pick(GNUTLS_GROUPS, names), removes }
  }

  #pick<Row extends Named>(rows: readonly Row[], names: NameSet): readonly Row[] {
    const wanted = names.filter((name) => typeof name === 'string' || this.has(name))
    return wanted.flatMap((name) => {
      const text = typeof name === 'string' ? name : name.name
      return rows.find((row) => row.name === text) ?? []
    })
  }

  has(row: Availability): boolean {
    return isAvailable(row, this.release)
  }
}

/** The version of a name that is in the table. */
export function protocolOf(name: string): TlsVersion {
  return TLS_VERSIONS.find((row) => row.name === name) as TlsVersion
}
