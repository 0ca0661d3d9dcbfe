/** What the audit offers to an SSH server, and what follows from both offers: RFC 4253, section 7.1. */
import { refuse } from '../../wire/protocol-error.ts'
import { GROUP_EXCHANGES, KEY_EXCHANGE_METHODS } from './key-agreement.ts'
import type { KeyExchangeInit } from './messages/key-exchange-init.ts'
import {
  isAead,
  type PacketProtection,
  SUPPORTED_CIPHERS,
  SUPPORTED_MACS,
} from './packet-ciphers.ts'

/** What decides about the key exchange of one connection. */
export type ClientChoice = {
  readonly keyExchanges: readonly string[]
  readonly hostKeyAlgorithms: readonly string[]
  /** For both directions. */
  readonly ciphers: readonly string[]
  readonly macs: readonly string[]
}

/** Every algorithm for host keys that is known: the first connection takes any. */
const HOST_KEY_ALGORITHMS: readonly string[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
  'sk-ssh-ed25519@openssh.com',
  'sk-ecdsa-sha2-nistp256@openssh.com',
  'ssh-ed448',
  'ssh-rsa',
  'ssh-dss',
  ...['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521'].map(
    (name) => `${name}-cert-v01@openssh.com`,
  ),
  ...['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa', 'ssh-dss'].map(
    (name) => `${name}-cert-v01@openssh.com`,
  ),
]

/** A client that says `ext-info-c` is told the server's extensions (RFC 8308, section 2.1). */
const WANTS_EXTENSIONS = 'ext-info-c'

/** Names that are offered so that a key exchange goes on, although nothing behind it can be read. */
const OTHER_CIPHERS = [
  'aes128-ctr@openssh.com',
  'rijndael-cbc@lysator.liu.se',
  'blowfish-cbc',
  'cast128-cbc',
  'arcfour256',
  'arcfour128',
  'arcfour',
  'none',
]
const OTHER_MACS = [
  'umac-128-etm@openssh.com',
  'umac-64-etm@openssh.com',
  'umac-128@openssh.com',
  'umac-64@openssh.com',
  'hmac-ripemd160',
  'none',
]

/** The first connection of an audit: whatever the server has, as cheap as it goes. */
export const ANY_CHOICE: ClientChoice = {
  keyExchanges: [...KEY_EXCHANGE_METHODS.keys(), ...GROUP_EXCHANGES.keys()],
  hostKeyAlgorithms: HOST_KEY_ALGORITHMS,
  ciphers: [...SUPPORTED_CIPHERS, ...OTHER_CIPHERS],
  macs: [...SUPPORTED_MACS, ...OTHER_MACS],
}

/** Neither compresses before a user is known, and an audit never comes that far. */
const COMPRESSION = ['none', 'zlib@openssh.com']

/** @param cookie 16 random bytes. */
export function clientInit(choice: ClientChoice, cookie: Buffer): KeyExchangeInit {
  const { ciphers, macs } = choice
  return {
    cookie,
    keyExchanges: [...choice.keyExchanges, WANTS_EXTENSIONS],
    hostKeyAlgorithms: choice.hostKeyAlgorithms,
    ciphersToServer: ciphers,
    ciphersToClient: ciphers,
    macsToServer: macs,
    macsToClient: macs,
    compressionToServer: COMPRESSION,
    compressionToClient: COMPRESSION,
    languagesToServer: [],
    languagesToClient: [],
    guessFollows: false,
  }
}

export type SshAgreement = {
  readonly keyExchange: string
  readonly hostKeyAlgorithm: string
  readonly toServer: PacketProtection
  readonly toClient: PacketProtection
}

/** What both sides take: of each list the first of the client that the server has too. */
export function agree(client: KeyExchangeInit, server: KeyExchangeInit): SshAgreement {
  return {
    keyExchange: firstCommon(client, server, 'keyExchanges'),
    hostKeyAlgorithm: firstCommon(client, server, 'hostKeyAlgorithms'),
    toServer: protection(client, server, 'ciphersToServer', 'macsToServer'),
    toClient: protection(client, server, 'ciphersToClient', 'macsToClient'),
  }
}

type ListName = Exclude<keyof KeyExchangeInit, 'cookie' | 'guessFollows'>

function protection(
  client: KeyExchangeInit,
  server: KeyExchangeInit,
  ciphers: ListName,
  macs: ListName,
): PacketProtection {
  const cipher = firstCommon(client, server, ciphers)
  return { cipher, mac: isAead(cipher) ? '' : firstCommon(client, server, macs) }
}

function firstCommon(client: KeyExchangeInit, server: KeyExchangeInit, list: ListName): string {
  const name = client[list].find((one) => server[list].includes(one))
  return name ?? refuse(`only ${printNames(server[list])} for ${LIST_TITLES[list]}`)
}

/** Names that an error shows; the report has all of them. */
const NAMES_SHOWN = 16

function printNames(names: readonly string[]): string {
  const more = names.length - NAMES_SHOWN
  const shown = names.slice(0, NAMES_SHOWN).join(', ') || 'nothing'
  return more > 0 ? `${shown} and ${more} more` : shown
}

const LIST_TITLES: Readonly<Record<ListName, string>> = {
  keyExchanges: 'the key exchange',
  hostKeyAlgorithms: 'its host key',
  ciphersToServer: 'ciphers to it',
  ciphersToClient: 'ciphers from it',
  macsToServer: 'MACs to it',
  macsToClient: 'MACs from it',
  compressionToServer: 'compression to it',
  compressionToClient: 'compression from it',
  languagesToServer: 'languages to it',
  languagesToClient: 'languages from it',
}
