/**
 * Key exchanges that an audit can do, so that it reads what comes behind them: RFC 4253, section 8; RFC 4419;
 * RFC 5656; RFC 8731; RFC 8268; and the hybrid ones of draft-ietf-sshm-mlkem-hybrid-kex.
 */
import { createHash, getDiffieHellman } from 'node:crypto'
import { ByteWriter } from '../../wire/byte-writer.ts'
import { refuse } from '../../wire/protocol-error.ts'
import { type KeyPair, makeKeyPair } from '../key-schedule/key-pair.ts'
import { beginPickedGroupExchange, type RandomSource } from '../key-schedule/prime-exchange.ts'
import { writePositiveNumber, writeSshString } from './messages/data-types.ts'
import type { ExchangeGroup, ShareForm } from './messages/key-exchange.ts'

/** This side of one key exchange. */
export type KeyAgreement = {
  readonly share: Buffer
  /** K as it is hashed, from the share of the server. */
  readonly agree: (serverShare: Buffer) => Buffer
}

export type KeyExchangeMethod = {
  readonly hash: 'sha1' | 'sha256' | 'sha384' | 'sha512'
  readonly shareForm: ShareForm
  readonly begin: (random: RandomSource) => KeyAgreement
  /** The server's answer holds its host key, but K cannot be computed here. */
  readonly isShareOnly?: true
}

/** The groups of TLS in which SSH agrees too, by their numbers at IANA. */
const GROUP = {
  nistp256: 23,
  nistp384: 24,
  nistp521: 25,
  x25519: 29,
  mlKem768: 0x0201,
  mlKem1024: 0x0202,
} as const

const curve25519 = inTlsGroup(GROUP.x25519, 'sha256')

/** In the order of the audit's preference: what costs both sides least stands first. */
export const KEY_EXCHANGE_METHODS: ReadonlyMap<string, KeyExchangeMethod> = new Map<
  string,
  KeyExchangeMethod
>([
  ['curve25519-sha256', curve25519],
  ['curve25519-sha256@libssh.org', curve25519],
  ['ecdh-sha2-nistp256', inTlsGroup(GROUP.nistp256, 'sha256')],
  ['ecdh-sha2-nistp384', inTlsGroup(GROUP.nistp384, 'sha384')],
  ['ecdh-sha2-nistp521', inTlsGroup(GROUP.nistp521, 'sha512')],
  ['mlkem768x25519-sha256', hybrid(GROUP.mlKem768, GROUP.x25519, 'sha256')],
  ['mlkem768nistp256-sha256', hybrid(GROUP.mlKem768, GROUP.nistp256, 'sha256')],
  ['mlkem1024nistp384-sha384', hybrid(GROUP.mlKem1024, GROUP.nistp384, 'sha384')],
  ['diffie-hellman-group14-sha256', inGroup('modp14', 'sha256')],
  ['diffie-hellman-group14-sha1', inGroup('modp14', 'sha1')],
  ['diffie-hellman-group15-sha512', inGroup('modp15', 'sha512')],
  ['diffie-hellman-group16-sha512', inGroup('modp16', 'sha512')],
  ['diffie-hellman-group17-sha512', inGroup('modp17', 'sha512')],
  ['diffie-hellman-group18-sha512', inGroup('modp18', 'sha512')],
  // SSH's group 1 is the second of Oakley's.
  ['diffie-hellman-group1-sha1', inGroup('modp2', 'sha1')],
  ['sntrup761x25519-sha512', shareOnly()],
  ['sntrup761x25519-sha512@openssh.com', shareOnly()],
])

/** The key exchanges of RFC 4419, and their hashes. */
export const GROUP_EXCHANGES: ReadonlyMap<string, KeyExchangeMethod['hash']> = new Map([
  ['diffie-hellman-group-exchange-sha256', 'sha256'],
  ['diffie-hellman-group-exchange-sha1', 'sha1'],
])

/** This side of a key exchange in the group that the server picked. */
export function beginInPickedGroup(group: ExchangeGroup, random: RandomSource): KeyAgreement {
  const { share, compute } = beginPickedGroupExchange(group, random)
  return { share, agree: (serverShare) => asNumber(compute(serverShare)) }
}

function inGroup(name: string, hash: KeyExchangeMethod['hash']): KeyExchangeMethod {
  const begin = (random: RandomSource): KeyAgreement => {
    const group = getDiffieHellman(name)
    const picked = { prime: group.getPrime(), generator: group.getGenerator() }
    return beginInPickedGroup(picked, random)
  }
  return { hash, shareForm: 'number', begin }
}

function inTlsGroup(group: number, hash: KeyExchangeMethod['hash']): KeyExchangeMethod {
  const begin = (random: RandomSource): KeyAgreement => {
    const { share, agree } = keyPairIn(group, random)
    return { share, agree: (serverShare) => asNumber(agree(serverShare)) }
  }
  return { hash, shareForm: 'bytes', begin }
}

/** ML-KEM's share stands before that of the curve, and so do the secrets; K is a string, not a number. */
function hybrid(
  kemGroup: typeof GROUP.mlKem768 | typeof GROUP.mlKem1024,
  classicGroup: number,
  hash: KeyExchangeMethod['hash'],
): KeyExchangeMethod {
  const ciphertextSize = kemGroup === GROUP.mlKem768 ? 1088 : 1568
  const begin = (random: RandomSource): KeyAgreement => {
    const [kem, classic] = [keyPairIn(kemGroup, random), keyPairIn(classicGroup, random)]
    const agree = (serverShare: Buffer): Buffer => {
      const digest = createHash(hash).update(kem.agree(serverShare.subarray(0, ciphertextSize)))
      return asString(digest.update(classic.agree(serverShare.subarray(ciphertextSize))).digest())
    }
    return { share: Buffer.concat([kem.share, classic.share]), agree }
  }
  return { hash, shareForm: 'bytes', begin }
}

/** @throws ProtocolError where the OpenSSL of Node.js does not have the group. */
function keyPairIn(group: number, random: RandomSource): KeyPair {
  return makeKeyPair(group, random) ?? refuse(NOT_COMPUTABLE)
}

const NOT_COMPUTABLE = 'a key exchange that cannot be computed here'

/** sntrup761 takes any bytes of the right length for a public key, and OpenSSL does not have it. */
function shareOnly(): KeyExchangeMethod {
  const begin = (random: RandomSource): KeyAgreement => ({
    share: Buffer.concat([random(1158), keyPairIn(GROUP.x25519, random).share]),
    agree: () => refuse(NOT_COMPUTABLE),
  })
  return { hash: 'sha512', shareForm: 'bytes', begin, isShareOnly: true }
}

function asNumber(secret: Buffer): Buffer {
  return writePositiveNumber(new ByteWriter(), secret).finish()
}

function asString(secret: Buffer): Buffer {
  return writeSshString(new ByteWriter(), secret).finish()
}
