/** Finds out what an SSH server offers: one connection, and one more for each further type of host key. */
import { type ByteExchange, ConnectionEnded } from '../../net/byte-channel.ts'
import { ProtocolError } from '../../wire/protocol-error.ts'
import { ANY_CHOICE, type ClientChoice } from './client-offer.ts'
import { GROUP_EXCHANGES, KEY_EXCHANGE_METHODS } from './key-agreement.ts'
import {
  exchangeKeys,
  exchangeOffers,
  type KeyExchangeFacts,
  readExtensions,
} from './key-exchange-run.ts'
import { parseNameList } from './messages/data-types.ts'
import { disconnectReasonName, TOO_MANY_CONNECTIONS } from './messages/disconnect.ts'
import type { Extension } from './messages/extension-info.ts'
import { keyTypeOf } from './messages/host-key.ts'
import type { KeyExchangeInit } from './messages/key-exchange-init.ts'
import { SshConversation, SshDisconnected, SshTurnedAway } from './ssh-conversation.ts'
import {
  isKnown,
  type Learnt,
  type SshExtensions,
  type SshHostKey,
  type SshOffer,
  type SshScan,
} from './ssh-scan.ts'

/**
 * Opens a connection, lets it be used, and closes it.
 *
 * @param purpose What the connection is to show, for the evidence.
 */
export type UseConnection = <Result>(
  purpose: string,
  use: (exchange: ByteExchange) => Promise<Result>,
) => Promise<Learnt<Result>>

/** What one connection shows. What comes after the offers may stay unknown. */
type ConnectionFacts = {
  readonly identification: string
  readonly init: Learnt<KeyExchangeInit>
  readonly exchange: Learnt<KeyExchangeFacts>
  readonly extensions: Learnt<SshExtensions | undefined>
}

export async function scanSsh(useConnection: UseConnection): Promise<SshScan> {
  const first = await useConnection('offers and extensions', (exchange) =>
    connectionFacts(exchange, ANY_CHOICE, true),
  )
  if ('unknown' in first) return nothingLearnt(first)
  const { init } = first
  if ('unknown' in init) return { ...nothingLearnt(init), identification: first.identification }
  const plan = planConnections(init, first.exchange)
  const results: Learnt<KeyExchangeFacts>[] = []
  for (const { purpose, choice } of plan) {
    const facts = await useConnection(purpose, (exchange) =>
      connectionFacts(exchange, choice, false),
    )
    results.push('unknown' in facts ? facts : facts.exchange)
  }
  return {
    identification: first.identification,
    offer: offerOf(init),
    extensions: first.extensions,
    hostKeys: hostKeysOf(init, [first.exchange, ...results]),
    smallestPrime: smallestPrimeOf(init, [first.exchange, ...results]),
  }
}

function nothingLearnt(why: { readonly unknown: string }): SshScan {
  return { identification: '', offer: why, extensions: why, hostKeys: [], smallestPrime: why }
}

async function connectionFacts(
  exchange: ByteExchange,
  choice: ClientChoice,
  withExtensions: boolean,
): Promise<ConnectionFacts> {
  const conversation = new SshConversation(exchange)
  const offers = await learn(() => exchangeOffers(conversation, choice))
  if ('unknown' in offers) {
    return { identification: '', init: offers, exchange: offers, extensions: offers }
  }
  const identification = offers.identification.line
  const facts = await learn(() => exchangeKeys(conversation, offers))
  if ('unknown' in facts || !withExtensions) {
    const unknown = 'unknown' in facts ? facts : { unknown: 'not asked' }
    return { identification, init: offers.server, exchange: facts, extensions: unknown }
  }
  const extensions = await learn(async () =>
    extensionsOf(await readExtensions(conversation, facts)),
  )
  return { identification, init: offers.server, exchange: facts, extensions }
}

/** A server that breaks the protocol or ends the connection leaves a reason; other errors go on. */
async function learn<Fact>(find: () => Promise<Fact>): Promise<Learnt<Fact>> {
  try {
    return await find()
  } catch (error) {
    return { unknown: reasonOf(error) }
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof SshDisconnected) {
    const { reason, description } = error.disconnect
    const isLimit = reason === TOO_MANY_CONNECTIONS || isAboutLimits([description])
    if (isLimit) return 'rate-limited'
    return `the server sent ${disconnectReasonName(reason)}: ${printable(description)}`
  }
  if (error instanceof SshTurnedAway) {
    if (isAboutLimits(error.lines)) return 'rate-limited'
    const said = error.lines.length > 0 ? `, and said: ${printable(error.lines.join(' '))}` : ''
    return `the server ended the connection before it said that it speaks SSH${said}`
  }
  if (error instanceof ProtocolError) return `the server sent ${error.message}`
  if (error instanceof ConnectionEnded) return 'the server ended the connection'
  throw error
}

/** What OpenSSH writes where a client is one too many, or has done wrong before. */
function isAboutLimits(lines: readonly string[]): boolean {
  return lines.some((line) => /MaxStartups|Not allowed at this time|too many/i.test(line))
}

/** The server's words, for people: without what moves a cursor, and not endless. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 200)
}

type PlannedConnection = { readonly purpose: string; readonly choice: ClientChoice }

/** One connection for each type of host key that was not shown; one of them by group exchange. */
function planConnections(
  init: KeyExchangeInit,
  first: Learnt<KeyExchangeFacts>,
): readonly PlannedConnection[] {
  const shown = 'unknown' in first ? undefined : keyTypeOf(first.agreement.hostKeyAlgorithm)
  const missing = keyTypes(init).filter((type) => type !== shown)
  const groupExchange = [...GROUP_EXCHANGES.keys()].filter(isIn(init.keyExchanges))
  const isGroupShown = 'unknown' in first ? false : first.primeBits !== undefined
  const asksForGroup = groupExchange.length > 0 && !isGroupShown
  const types = missing.length === 0 && asksForGroup ? [shown ?? ''] : missing
  const others = [...KEY_EXCHANGE_METHODS.keys(), ...GROUP_EXCHANGES.keys()]
  return types.map((type, at) => ({
    purpose: at === 0 && asksForGroup ? `host key ${type}, smallest prime` : `host key ${type}`,
    choice: {
      ...ANY_CHOICE,
      keyExchanges: at === 0 && asksForGroup ? [...groupExchange, ...others] : others,
      hostKeyAlgorithms: algorithmsOf(init, type),
    },
  }))
}

function isIn(names: readonly string[]): (name: string) => boolean {
  return (name) => names.includes(name)
}

function keyTypes({ hostKeyAlgorithms }: KeyExchangeInit): readonly string[] {
  return [...new Set(hostKeyAlgorithms.map(keyTypeOf))]
}

function algorithmsOf({ hostKeyAlgorithms }: KeyExchangeInit, type: string): readonly string[] {
  return hostKeyAlgorithms.filter((algorithm) => keyTypeOf(algorithm) === type)
}

/** Not a key exchange but a sign: RFC 8308, section 2.1; OpenSSH's PROTOCOL, section 1.10. */
const MARKER = /^(ext-info-[cs]|kex-strict-[cs]-v00@openssh\.com)$/

function offerOf(init: KeyExchangeInit): SshOffer {
  return {
    keyExchanges: init.keyExchanges.filter((name) => !MARKER.test(name)),
    hostKeyAlgorithms: init.hostKeyAlgorithms,
    ciphers: { toServer: init.ciphersToServer, toClient: init.ciphersToClient },
    macs: { toServer: init.macsToServer, toClient: init.macsToClient },
    compression: { toServer: init.compressionToServer, toClient: init.compressionToClient },
    markers: init.keyExchanges.filter((name) => MARKER.test(name)),
  }
}

function extensionsOf(extensions: readonly Extension[] | undefined): SshExtensions | undefined {
  if (!extensions) return undefined
  const signatures = extensions.find(({ name }) => name === 'server-sig-algs')
  return {
    names: extensions.map(({ name }) => printable(name)),
    userSignatures:
      signatures && parseNameList(signatures.value.toString('latin1'), 'server-sig-algs'),
  }
}

function hostKeysOf(
  init: KeyExchangeInit,
  results: readonly Learnt<KeyExchangeFacts>[],
): readonly Learnt<SshHostKey>[] {
  const known = results.filter((result) => isKnown(result))
  const failures = results.flatMap((result) => ('unknown' in result ? [result.unknown] : []))
  return keyTypes(init).map((type) => {
    const facts = known.find(({ agreement }) => keyTypeOf(agreement.hostKeyAlgorithm) === type)
    if (!facts) return { unknown: `${type}: ${failures[0] ?? 'not shown'}` }
    const { hostKey, fingerprint } = facts
    return { ...hostKey, algorithms: algorithmsOf(init, type), fingerprint }
  })
}

function smallestPrimeOf(
  init: KeyExchangeInit,
  results: readonly Learnt<KeyExchangeFacts>[],
): Learnt<number | undefined> {
  if (!init.keyExchanges.some((name) => GROUP_EXCHANGES.has(name))) return undefined
  const shown = results.filter(isKnown).find(({ primeBits }) => primeBits !== undefined)
  if (shown) return shown.primeBits
  const failure = results.find((result) => 'unknown' in result)
  return failure && 'unknown' in failure ? failure : { unknown: 'the server did not tell' }
}
