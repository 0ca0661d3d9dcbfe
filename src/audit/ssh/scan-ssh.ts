/** Finds out what an SSH server offers: one connection, and one more for each further type of host key. */
import type { ClearExchange } from '../connection/clear-exchange.ts'
import type { Asked } from '../connection/failure.ts'
import { type Answer, answerOf } from '../model.ts'
import {
  ASKS_FOR_PRIME,
  isKnown,
  type Learnt,
  type SshExtensions,
  type SshHostKeyResult,
  type SshOffer,
  type SshScan,
} from '../ssh-model.ts'
import { ANY_CHOICE, type ClientChoice } from './client-offer.ts'
import { GROUP_EXCHANGES } from './key-agreement.ts'
import {
  exchangeKeys,
  exchangeOffers,
  type KeyExchangeFacts,
  readSshExtensions,
} from './key-exchange-run.ts'
import { parseNameList } from './messages/data-types.ts'
import type { Extension } from './messages/extension-info.ts'
import { keyTypeOf } from './messages/host-key.ts'
import type { KeyExchangeInit } from './messages/key-exchange-init.ts'
import { answerOfError } from './ssh-answer.ts'
import { SshConversation } from './ssh-conversation.ts'
import { planConnections } from './ssh-plan.ts'

/** Asks one question over a connection of its own, as `Connections` does. */
export type AskOnConnection = <Value>(
  claim: string,
  converse: (exchange: ClearExchange) => Promise<Value>,
) => Promise<Asked<Value>>

/** What one connection shows. What comes after the offers may stay unknown. */
type ConnectionFacts = {
  readonly identification: string
  readonly init: Learnt<KeyExchangeInit>
  readonly exchange: Learnt<KeyExchangeFacts>
  readonly extensions: Learnt<SshExtensions>
}

const NOT_ASKED: Answer = { answer: 'unknown', because: 'not asked' }

/** The question that every server is asked. */
const FIRST_QUESTION = 'ssh offers'

/** What was asked on one connection, and what it showed. */
type AskedExchange = {
  readonly claim: string
  /** The types of keys that the server could show. */
  readonly isFor: (type: string) => boolean
  readonly exchange: Learnt<KeyExchangeFacts>
}

export async function scanSsh(ask: AskOnConnection): Promise<SshScan> {
  const first = await factsOf(ask, FIRST_QUESTION, ANY_CHOICE, true)
  const { init, identification, extensions } = first
  if (!isKnown(init)) {
    return { identification, offer: init, extensions, hostKeys: [], smallestPrime: init }
  }
  const others: AskedExchange[] = []
  for (const { claim, choice } of planConnections(init, first.exchange)) {
    const { exchange } = await factsOf(ask, claim, choice, false)
    const isFor = (type: string) =>
      choice.hostKeyAlgorithms.some((name) => keyTypeOf(name) === type)
    others.push({ claim, isFor, exchange })
  }
  const isFor = () => false
  const asked = [{ claim: FIRST_QUESTION, isFor, exchange: first.exchange }, ...others]
  return {
    identification,
    offer: offerOf(init),
    extensions,
    hostKeys: hostKeysOf(init, asked),
    smallestPrime: smallestPrimeOf(init, asked),
  }
}

async function factsOf(
  ask: AskOnConnection,
  claim: string,
  choice: ClientChoice,
  withExtensions: boolean,
): Promise<ConnectionFacts> {
  const asked = await ask(claim, (exchange) => connectionFacts(exchange, choice, withExtensions))
  return asked.isAnswered ? asked.value : nothingLearnt('', answerOf(asked.failure))
}

function nothingLearnt(identification: string, answer: Answer): ConnectionFacts {
  return { identification, init: answer, exchange: answer, extensions: answer }
}

async function connectionFacts(
  exchange: ClearExchange,
  choice: ClientChoice,
  withExtensions: boolean,
): Promise<ConnectionFacts> {
  const conversation = new SshConversation(exchange)
  const offers = await learn(() => exchangeOffers(conversation, choice))
  if (!isKnown(offers)) return nothingLearnt(conversation.identification, offers)
  const { identification } = conversation
  const facts = await learn(() => exchangeKeys(conversation, offers))
  if (!isKnown(facts) || !withExtensions) {
    const extensions = isKnown(facts) ? NOT_ASKED : facts
    return { identification, init: offers.server, exchange: facts, extensions }
  }
  const extensions = await learn(async () =>
    extensionsOf(await readSshExtensions(conversation, facts)),
  )
  return { identification, init: offers.server, exchange: facts, extensions }
}

/** A server that breaks the protocol or ends the connection is an answer; other errors go on. */
async function learn<Fact>(find: () => Promise<Learnt<Fact>>): Promise<Learnt<Fact>> {
  try {
    return await find()
  } catch (error) {
    return answerOfError(error)
  }
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

function extensionsOf(extensions: readonly Extension[] | undefined): Learnt<SshExtensions> {
  if (!extensions) return { answer: 'not-offered' }
  const signatures = extensions.find(({ name }) => name === 'server-sig-algs')
  return {
    names: extensions.map(({ name }) => name.replace(/[^\x21-\x7e]/g, '?').slice(0, 64)),
    userSignatures: signatures
      ? parseNameList(signatures.value.toString('latin1'), 'server-sig-algs')
      : null,
  }
}

function hostKeysOf(
  { hostKeyAlgorithms }: KeyExchangeInit,
  asked: readonly AskedExchange[],
): readonly SshHostKeyResult[] {
  const types = [...new Set(hostKeyAlgorithms.map(keyTypeOf))]
  return types.map((type) => {
    const algorithms = hostKeyAlgorithms.filter((algorithm) => keyTypeOf(algorithm) === type)
    const shown = asked.find(({ exchange }) => isKnown(exchange) && shows(exchange, type))
    const own = shown ?? asked.find(({ isFor }) => isFor(type))
    const key = own ? keyIn(own.exchange) : NOT_ASKED
    return { type, algorithms, key, question: own?.claim ?? FIRST_QUESTION }
  })
}

function keyIn(exchange: Learnt<KeyExchangeFacts>): SshHostKeyResult['key'] {
  if (!isKnown(exchange)) return exchange
  const { fingerprint, hostKey } = exchange
  return { bits: hostKey.bits, fingerprint, authority: hostKey.authority }
}

function shows({ agreement }: KeyExchangeFacts, type: string): boolean {
  return keyTypeOf(agreement.hostKeyAlgorithm) === type
}

function smallestPrimeOf(init: KeyExchangeInit, asked: readonly AskedExchange[]): Learnt<number> {
  if (!init.keyExchanges.some((name) => GROUP_EXCHANGES.has(name))) {
    return { answer: 'not-offered' }
  }
  for (const { exchange } of asked) {
    if (isKnown(exchange) && exchange.primeBits !== undefined) return exchange.primeBits
  }
  const own = asked.find(({ claim }) => claim.endsWith(ASKS_FOR_PRIME)) ?? asked[0]
  return own && !isKnown(own.exchange) ? own.exchange : NOT_ASKED
}
