/** Which connections an audit of an SSH server needs beyond the first. */

import { ASKS_FOR_PRIME, isKnown, type Learnt } from '../ssh-model.ts'
import { ANY_CHOICE, type ClientChoice } from './client-offer.ts'
import { GROUP_EXCHANGES, KEY_EXCHANGE_METHODS } from './key-agreement.ts'
import type { KeyExchangeFacts } from './key-exchange-run.ts'
import { keyTypeOf } from './messages/host-key.ts'
import type { KeyExchangeInit } from './messages/key-exchange-init.ts'

/** OpenSSH knows half as many types of keys. A server that makes names up gets no connection for each. */
const MOST_CONNECTIONS = 32

type PlannedConnection = { readonly claim: string; readonly choice: ClientChoice }

/** One connection for each type of host key that was not shown; one of them by group exchange. */
export function planConnections(
  { keyExchanges, hostKeyAlgorithms }: KeyExchangeInit,
  first: Learnt<KeyExchangeFacts>,
): readonly PlannedConnection[] {
  const shown = isKnown(first) ? keyTypeOf(first.agreement.hostKeyAlgorithm) : undefined
  const types = [...new Set(hostKeyAlgorithms.map(keyTypeOf))]
  const missing = types.filter((type) => type !== shown)
  const groupExchange = [...GROUP_EXCHANGES.keys()].filter((name) => keyExchanges.includes(name))
  const isGroupShown = isKnown(first) && first.primeBits !== undefined
  const asksForGroup = groupExchange.length > 0 && !isGroupShown
  const planned = missing.length === 0 && asksForGroup ? types.slice(0, 1) : missing
  const others = [...KEY_EXCHANGE_METHODS.keys(), ...GROUP_EXCHANGES.keys()]
  return planned.slice(0, MOST_CONNECTIONS).map((type, at) => ({
    claim: `ssh host key ${type}${at === 0 && asksForGroup ? ASKS_FOR_PRIME : ''}`,
    choice: {
      ...ANY_CHOICE,
      keyExchanges: at === 0 && asksForGroup ? [...groupExchange, ...others] : others,
      hostKeyAlgorithms: hostKeyAlgorithms.filter((algorithm) => keyTypeOf(algorithm) === type),
    },
  }))
}
