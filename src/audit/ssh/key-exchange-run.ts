/** One connection of SSH: both offers, the host key, and what the server tells behind the key exchange. */
import { createHash } from 'node:crypto'
import { bitLength } from '../../wire/bit-length.ts'
import { ByteWriter } from '../../wire/byte-writer.ts'
import { refuse } from '../../wire/protocol-error.ts'
import {
  ANY_CHOICE,
  agree,
  type ClientChoice,
  clientInit,
  type SshAgreement,
} from './client-offer.ts'
import {
  beginInPickedGroup,
  GROUP_EXCHANGES,
  KEY_EXCHANGE_METHODS,
  type KeyAgreement,
  type KeyExchangeMethod,
} from './key-agreement.ts'
import { writeText } from './messages/data-types.ts'
import { decodeExtensionInfo, type Extension } from './messages/extension-info.ts'
import { decodeHostKey, type HostKey, keyTypeOf } from './messages/host-key.ts'
import type { Identification } from './messages/identification.ts'
import { speaksSsh2 } from './messages/identification.ts'
import {
  decodeExchangeGroup,
  decodeKeyExchangeReply,
  type ExchangeGroup,
  encodeGroupRequest,
  encodeKeyExchangeShare,
  type GroupRequest,
  type KeyExchangeReply,
} from './messages/key-exchange.ts'
import {
  decodeKeyExchangeInit,
  encodeKeyExchangeInit,
  type KeyExchangeInit,
} from './messages/key-exchange-init.ts'
import { SSH_MSG } from './messages/message-numbers.ts'
import { decodePacketBody } from './messages/packet.ts'
import { isSupported, openPacket, sealPacket } from './packet-ciphers.ts'
import { exchangeHash, type KeySource, sessionKeys } from './session-keys.ts'
import { CLIENT_IDENTIFICATION, isForAudit, type SshConversation } from './ssh-conversation.ts'

/** Both sides' first messages. */
export type Offers = {
  readonly identification: Identification
  readonly client: KeyExchangeInit
  readonly server: KeyExchangeInit
  readonly clientPayload: Buffer
  readonly serverPayload: Buffer
}

/** Says who is there and what each side offers. */
export async function exchangeOffers(
  conversation: SshConversation,
  choice: ClientChoice,
): Promise<Offers> {
  const identification = await conversation.identify()
  if (!speaksSsh2(identification)) refuse(`only version ${identification.protocol} of SSH`)
  const client = clientInit(choice, conversation.random(16))
  const clientPayload = encodeKeyExchangeInit(client)
  await conversation.writePayload(clientPayload)
  const serverPayload = await conversation.readPayload()
  const server = decodeKeyExchangeInit(serverPayload)
  return { identification, client, server, clientPayload, serverPayload }
}

/** What a key exchange shows. */
export type KeyExchangeFacts = {
  readonly agreement: SshAgreement
  readonly hostKey: HostKey
  readonly fingerprint: string
  /** Of the group that the server picked. */
  readonly primeBits: number | undefined
  /** Undefined where K cannot be computed here. */
  readonly keys: KeySource | undefined
}

/** Primes from 1024 bits: RFC 4419 lets a client ask for no smaller ones, and servers end the connection then. */
const SMALL_PRIMES: GroupRequest = { least: 1024, preferred: 1024, most: 8192 }

/** Does the key exchange that both sides agree upon. */
export async function exchangeKeys(
  conversation: SshConversation,
  offers: Offers,
): Promise<KeyExchangeFacts> {
  const agreement = agree(offers.client, offers.server)
  await skipWrongGuess(conversation, offers)
  const hash = GROUP_EXCHANGES.get(agreement.keyExchange)
  const method = KEY_EXCHANGE_METHODS.get(agreement.keyExchange)
  const exchanged = hash
    ? await exchangeInPickedGroup(conversation, hash)
    : await exchangeBy(conversation, method ?? refuse(`the answer to ${agreement.keyExchange}`))
  const { reply, picked } = exchanged
  return {
    agreement,
    hostKey: decodeAgreedKey(reply.hostKey, agreement.hostKeyAlgorithm),
    fingerprint: fingerprintOf(reply.hostKey),
    primeBits: picked && bitLength(picked.group.prime),
    keys: keysOf(exchanged, offers),
  }
}

/**
 * The packet of a wrong guess is to be ignored. A guess is right only where both sides prefer the same, whatever
 * they agree upon: RFC 4253, section 7.1.
 */
async function skipWrongGuess(
  conversation: SshConversation,
  { client, server }: Offers,
): Promise<void> {
  const isRight =
    server.keyExchanges[0] === client.keyExchanges[0] &&
    server.hostKeyAlgorithms[0] === client.hostKeyAlgorithms[0]
  if (server.guessFollows && !isRight) await conversation.readPayload()
}

/** A key exchange that was done, and all that its hash goes over. */
type Exchanged = {
  readonly method: Omit<KeyExchangeMethod, 'begin'>
  readonly agreement: KeyAgreement
  readonly reply: KeyExchangeReply
  readonly picked?: { readonly request: GroupRequest; readonly group: ExchangeGroup }
}

async function exchangeBy(
  conversation: SshConversation,
  method: KeyExchangeMethod,
): Promise<Exchanged> {
  const agreement = method.begin((size) => conversation.random(size))
  await conversation.writePayload(encodeKeyExchangeShare(agreement.share, method.shareForm))
  const reply = decodeKeyExchangeReply(await conversation.readPayload(), method.shareForm)
  return { method, agreement, reply }
}

async function exchangeInPickedGroup(
  conversation: SshConversation,
  hash: KeyExchangeMethod['hash'],
): Promise<Exchanged> {
  const shareForm = 'number'
  await conversation.writePayload(encodeGroupRequest(SMALL_PRIMES))
  const group = decodeExchangeGroup(await conversation.readPayload())
  if (bitLength(group.prime) > SMALL_PRIMES.most)
    refuse('a prime above the size that was asked for')
  const agreement = beginInPickedGroup(group, (size) => conversation.random(size))
  const share = encodeKeyExchangeShare(agreement.share, shareForm, SSH_MSG.KEX_DH_GEX_INIT)
  await conversation.writePayload(share)
  const payload = await conversation.readPayload()
  const reply = decodeKeyExchangeReply(payload, shareForm, SSH_MSG.KEX_DH_GEX_REPLY)
  return { method: { hash, shareForm }, agreement, reply, picked: { request: SMALL_PRIMES, group } }
}

function keysOf(
  { method, agreement, reply, picked }: Exchanged,
  offers: Offers,
): KeySource | undefined {
  if (method.isShareOnly) return undefined
  const secret = agreement.agree(reply.share)
  const exchanged = exchangeHash(method.hash, {
    clientIdentification: CLIENT_IDENTIFICATION,
    serverIdentification: offers.identification.line,
    clientInit: offers.clientPayload,
    serverInit: offers.serverPayload,
    hostKey: reply.hostKey,
    picked,
    shareForm: method.shareForm,
    clientShare: agreement.share,
    serverShare: reply.share,
    secret,
  })
  return sessionKeys(method.hash, secret, exchanged)
}

/** Of algorithms that a server made up it is not known what keys they have. */
function decodeAgreedKey(blob: Buffer, algorithm: string): HostKey {
  const hostKey = decodeHostKey(blob)
  const isKnown = ANY_CHOICE.hostKeyAlgorithms.includes(algorithm)
  if (isKnown && hostKey.type !== keyTypeOf(algorithm)) {
    refuse(`a host key of the type ${hostKey.type.slice(0, 64)} for ${algorithm}`)
  }
  return hostKey
}

function fingerprintOf(hostKey: Buffer): string {
  return `SHA256:${createHash('sha256').update(hostKey).digest('base64').replace(/=+$/, '')}`
}

/**
 * What the server tells in its first packet behind the key exchange; undefined where that holds no
 * extensions.
 */
export async function readSshExtensions(
  conversation: SshConversation,
  { agreement, keys }: KeyExchangeFacts,
): Promise<readonly Extension[] | undefined> {
  const { toServer, toClient } = agreement
  if (!keys) return refuse(`keys by ${agreement.keyExchange}, which cannot be computed here`)
  if (!isSupported(toServer) || !isSupported(toClient)) {
    return refuse(`packets under ${toClient.cipher} ${toClient.mac}, which cannot be read here`)
  }
  await conversation.writePayload(Buffer.from([SSH_MSG.NEWKEYS]))
  // Without it, a server that has no extensions would say nothing at all.
  await conversation.write(sealPacket(serviceRequest(), toServer, keys, conversation.sent))
  const [message] = await conversation.readPayload()
  if (message !== SSH_MSG.NEWKEYS) refuse(`message ${message} in place of SSH_MSG_NEWKEYS`)
  const body = await openPacket(conversation.read, toClient, keys, conversation.received)
  const payload = decodePacketBody(body)
  isForAudit(payload)
  return payload[0] === SSH_MSG.EXT_INFO ? decodeExtensionInfo(payload) : undefined
}

function serviceRequest(): Buffer {
  const writer = new ByteWriter().uint8(SSH_MSG.SERVICE_REQUEST)
  return writeText(writer, 'ssh-userauth').finish()
}
