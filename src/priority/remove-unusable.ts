/** What GnuTLS makes of the lists once all words are read: it removes what cannot be negotiated. */
import type { TlsSuite } from '../algorithms/tls-suites.ts'
import type { TlsVersion, TlsVersionName } from '../algorithms/tls-versions.ts'
import type { AlgorithmRules, Prohibition } from './algorithm-rules.ts'
import type {
  GnutlsGroup,
  GnutlsKeyExchange,
  GnutlsSignature,
  KeyExchangeTrait,
} from './gnutls-algorithms.ts'
import { findGroups } from './group-selection.ts'
import { itemsOf, type ListItems, type ListName } from './priority-lists.ts'
import type { PriorityState } from './priority-state.ts'
import { type GnutlsRelease, isAvailable } from './releases.ts'
import { findSuites } from './suite-selection.ts'

/** Why GnuTLS removed something that the words left in place. */
export type AdjustmentReason =
  | 'forbidden by the configuration'
  | 'not built in'
  | 'TLS 1.3 cannot use what the string asks for'
  | 'TLS 1.3 chooses no key exchange'
  | 'no signature algorithm is left'
  | 'no group is left for TLS 1.3'
  | 'TLS 1.2 is missing between older versions and TLS 1.3'

/** What GnuTLS removed from one list for one reason. */
export type Adjustment = {
  readonly reason: AdjustmentReason
  readonly list: ListName
  readonly removed: readonly string[]
  /** For each removed name, what forbids it, where the configuration does. */
  readonly prohibitions?: readonly Prohibition[]
}

/** The class without which nothing can be negotiated. */
export type MissingList = 'protocols' | 'suites'

/** What is left to negotiate with. */
export type Remainder = {
  /** In order of preference, those of TLS 1.3 first. */
  readonly suites: readonly TlsSuite[]
  /** Those of the list that a suite or TLS 1.3 can use, in the order in which they are offered. */
  readonly usableGroups: readonly GnutlsGroup[]
  readonly usableSignatures: readonly GnutlsSignature[]
  readonly adjustments: readonly Adjustment[]
  /** "No or insufficient priorities were set." */
  readonly missing?: MissingList
}

/** Settles a state in place; its lists are then what GnuTLS lists. */
export function removeUnusable(
  state: PriorityState,
  rules: AlgorithmRules,
  release: GnutlsRelease,
): Remainder {
  return new Remover(state, rules, release).removeUnusable()
}

const TLS13: TlsVersionName = 'TLS1.3'

class Remover {
  readonly #state: PriorityState
  readonly #lists: PriorityState['lists']
  readonly #rules: AlgorithmRules
  readonly #release: GnutlsRelease
  readonly #adjustments: Adjustment[] = []

  constructor(state: PriorityState, rules: AlgorithmRules, release: GnutlsRelease) {
    this.#state = state
    this.#lists = state.lists
    this.#rules = rules
    this.#release = release
  }

  removeUnusable(): Remainder {
    this.#removeForbidden()
    this.#removeUnusableTls13()
    const versions = [...this.#lists.protocols]
    if (versions.length === 0) return this.#withoutAny('protocols')
    this.#removeKeyExchanges(versions)
    const suites = findSuites(this.#lists, this.#rules)
    const usableGroups = findGroups(this.#lists.groups, suites, versions, this.#rules)
    const usableSignatures = this.#findSignatures(versions)
    if (usableSignatures.length === 0) this.#removeSigningProtocols()
    if (!hasUsableProtocol(this.#lists.protocols)) return this.#withoutAny('protocols')
    if (suites.length === 0) return this.#withoutAny('suites')
    this.#removeTls13WithGaps(versions, usableGroups)
    return { suites, usableGroups, usableSignatures, adjustments: this.#adjustments }
  }

  #withoutAny(missing: MissingList): Remainder {
    const adjustments = this.#adjustments
    return { suites: [], usableGroups: [], usableSignatures: [], adjustments, missing }
  }

  #removeForbidden(): void {
    for (const list of ['keyExchanges', 'groups', 'ciphers', 'macs'] as const) {
      this.#removeProhibited(list, 'forbidden by the configuration', this.#rules[list])
    }
    const { protocols } = this.#rules
    const builtIn = new Map([...protocols].filter(([, origin]) => origin === 'built in'))
    const configured = new Map([...protocols].filter(([, origin]) => origin !== 'built in'))
    this.#removeProhibited('protocols', 'not built in', builtIn)
    this.#removeProhibited('protocols', 'forbidden by the configuration', configured)
  }

  #removeProhibited(
    list: ListName,
    reason: AdjustmentReason,
    prohibited: ReadonlyMap<string, Prohibition>,
  ): void {
    this.#remove(list, reason, (item) => prohibited.has(item.name), prohibited)
  }

  /** NULL ciphers, SRP, RSA-PSK and a hello without extensions have no place in TLS 1.3. */
  #removeUnusableTls13(): void {
    const { ciphers, keyExchanges } = this.#lists
    const unusable =
      ciphers.some((cipher) => cipher.name === 'NULL') ||
      hasTrait(keyExchanges, 'not-tls1.3') ||
      !this.#state.options.extensions
    if (unusable) this.#removeTls13('TLS 1.3 cannot use what the string asks for')
  }

  #removeTls13(reason: AdjustmentReason): void {
    this.#remove('protocols', reason, (item) => item.name === TLS13)
  }

  /** Without an older version only the PSK exchanges say something to TLS 1.3. */
  #removeKeyExchanges(versions: readonly TlsVersion[]): void {
    if (hasTrait(this.#lists.keyExchanges, 'psk')) return
    if (versions.some((version) => version.name !== TLS13)) return
    this.#remove('keyExchanges', 'TLS 1.3 chooses no key exchange', () => true)
  }

  #findSignatures(versions: readonly TlsVersion[]): readonly GnutlsSignature[] {
    const semantics = new Set(versions.map((version) => version.signatures))
    return this.#lists.signatures.filter((signature) => {
      const { schemeSince, name } = signature
      if (schemeSince && !isAvailable({ since: schemeSince }, this.#release)) return false
      if (this.#rules.signatures.has(name)) return false
      return signature.semantics?.some((meaning) => semantics.has(meaning)) ?? false
    })
  }

  /** From TLS 1.2 on a server must name the algorithm that it signs with. */
  #removeSigningProtocols(): void {
    const reason = 'no signature algorithm is left'
    this.#remove('protocols', reason, ({ name }) => SIGNING_PROTOCOLS.has(name))
  }

  /**
   * TLS 1.3 needs a group unless keys are shared beforehand; and next to versions older than
   * TLS 1.2 it needs TLS 1.2, which servers without TLS 1.3 answer it with.
   */
  #removeTls13WithGaps(versions: readonly TlsVersion[], groups: readonly unknown[]): void {
    const names = new Set(versions.map(({ name }) => name))
    if (!names.has(TLS13)) return
    const shared = hasTrait(this.#lists.keyExchanges, 'psk')
    const older = OLD_PROTOCOLS.some((name) => names.has(name))
    if (!shared && groups.length === 0) this.#removeTls13('no group is left for TLS 1.3')
    else if (older && !names.has('TLS1.2')) {
      this.#removeTls13('TLS 1.2 is missing between older versions and TLS 1.3')
    }
  }

  #remove(
    list: ListName,
    reason: AdjustmentReason,
    unwanted: (item: ListItems[ListName]) => boolean,
    prohibited?: ReadonlyMap<string, Prohibition>,
  ): void {
    const items = itemsOf(this.#lists, list)
    const removed = items.filter(unwanted).map((item) => item.name)
    if (removed.length === 0) return
    items.splice(0, items.length, ...items.filter((item) => !unwanted(item)))
    const prohibitions = prohibited && removed.flatMap((name) => prohibited.get(name) ?? [])
    this.#adjustments.push({ reason, list, removed, ...(prohibitions ? { prohibitions } : {}) })
  }
}

const SIGNING_PROTOCOLS: ReadonlySet<string> = new Set(['TLS1.2', TLS13, 'DTLS1.2'])

const OLD_PROTOCOLS = ['SSL3.0', 'TLS1.0', 'TLS1.1']

function hasTrait(exchanges: readonly GnutlsKeyExchange[], trait: KeyExchangeTrait): boolean {
  return exchanges.some((exchange) => exchange.traits.includes(trait))
}

/** SSL 3.0 alone counts as nothing. */
function hasUsableProtocol(protocols: readonly TlsVersion[]): boolean {
  return protocols.some(({ name }) => name !== 'SSL3.0')
}
