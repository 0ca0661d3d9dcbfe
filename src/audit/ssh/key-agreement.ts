/**
 * Key exchanges that an audit can do, so that it reads what comes behind them: RFC 4253, section 8; RFC 4419;
 * RFC 5656; RFC 8731; RFC 8268; and the hybrid ones of draft-ietf-sshm-mlkem-hybrid-kex.
 */
import {
  createECDH,
  createHash,
  createPrivateKey,
  createPublicKey,
  decapsulate,
  diffieHellman,
  getDiffieHellman,
  type KeyObject,
} from 'node:crypto'
import { ByteWriter } from '../../wire/byte-writer.ts'
import { refuse } from '../../wire/protocol-error.ts'
import { writePositiveNumber, writeSshString } from './messages/data-types.ts'
import type { ExchangeGroup, ShareForm } from './messages/key-exchange.ts'
import { beginPickedGroupExchange, type RandomSource } from './picked-group.ts'

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

/** Raw keys of X25519 stand behind this in their SubjectPublicKeyInfo (RFC 8410). */
const X25519_PREFIX = Buffer.from('302a300506032b656e032100', 'hex')
const X25519_PRIVATE_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex')
const ML_KEM_PREFIX_SIZE = 22

/** A private key of ML-KEM that is only its seed (RFC 9935). */
const ML_KEM_SEED_SIZE = 64
const ML_KEM_PRIVATE_PREFIXES = {
  'ml-kem-768': Buffer.from('3054020100300b0609608648016503040402044280' + '40', 'hex'),
  'ml-kem-1024': Buffer.from('3054020100300b0609608648016503040403044280' + '40', 'hex'),
} as const

/** OpenSSL's names, and the bytes of a private key. */
const SCALAR_SIZES = { prime256v1: 32, secp384r1: 48, secp521r1: 66 } as const

type CurveName = keyof typeof SCALAR_SIZES

const curve25519: Pick<KeyExchangeMethod, 'hash' | 'shareForm' | 'begin'> = {
  hash: 'sha256',
  shareForm: 'bytes',
  begin: (random) => {
    const { share, compute } = beginX25519(random)
    return { share, agree: (serverShare) => asNumber(compute(serverShare)) }
  },
}

const onP256 = (random: RandomSource): CurveExchange => beginCurve('prime256v1', random)
const onP384 = (random: RandomSource): CurveExchange => beginCurve('secp384r1', random)

/** In the order of the audit's preference: what costs both sides least stands first. */
export const KEY_EXCHANGE_METHODS: ReadonlyMap<string, KeyExchangeMethod> = new Map<
  string,
  KeyExchangeMethod
>([
  ['curve25519-sha256', curve25519],
  ['curve25519-sha256@libssh.org', curve25519],
  ['ecdh-sha2-nistp256', onCurve('prime256v1', 'sha256')],
  ['ecdh-sha2-nistp384', onCurve('secp384r1', 'sha384')],
  ['ecdh-sha2-nistp521', onCurve('secp521r1', 'sha512')],
  ['mlkem768x25519-sha256', hybrid('ml-kem-768', beginX25519, 'sha256')],
  ['mlkem768nistp256-sha256', hybrid('ml-kem-768', onP256, 'sha256')],
  ['mlkem1024nistp384-sha384', hybrid('ml-kem-1024', onP384, 'sha384')],
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

function onCurve(curve: CurveName, hash: KeyExchangeMethod['hash']): KeyExchangeMethod {
  const begin = (random: RandomSource): KeyAgreement => {
    const { share, compute } = beginCurve(curve, random)
    return { share, agree: (serverShare) => asNumber(compute(serverShare)) }
  }
  return { hash, shareForm: 'bytes', begin }
}

/** This side of an exchange on a curve; `compute` gives the bytes that both sides share. */
type CurveExchange = {
  readonly share: Buffer
  readonly compute: (serverShare: Buffer) => Buffer
}

function beginCurve(curve: CurveName, random: RandomSource): CurveExchange {
  const exchange = createECDH(curve)
  const scalar = Buffer.from(random(SCALAR_SIZES[curve]))
  // Less than the order of the curve: it begins with a bit that is set.
  scalar[0] = (scalar[0] ?? 0) & (curve === 'secp521r1' ? 0 : 0x7f)
  exchange.setPrivateKey(scalar)
  const compute = (serverShare: Buffer): Buffer =>
    computed(() => exchange.computeSecret(serverShare))
  return { share: exchange.getPublicKey(), compute }
}

function beginX25519(random: RandomSource): CurveExchange {
  const key = Buffer.concat([X25519_PRIVATE_PREFIX, random(32)])
  const privateKey = createPrivateKey({ key, type: 'pkcs8', format: 'der' })
  const share = publicBytes(privateKey, X25519_PREFIX.length)
  const compute = (serverShare: Buffer): Buffer => {
    const encoded = Buffer.concat([X25519_PREFIX, serverShare])
    return computed(() =>
      diffieHellman({
        privateKey,
        publicKey: createPublicKey({ key: encoded, type: 'spki', format: 'der' }),
      }),
    )
  }
  return { share, compute }
}

/** ML-KEM's share stands before that of the curve, and so do the secrets; K is a string, not a number. */
function hybrid(
  kem: 'ml-kem-768' | 'ml-kem-1024',
  beginClassic: (random: RandomSource) => CurveExchange,
  hash: KeyExchangeMethod['hash'],
): KeyExchangeMethod {
  const ciphertextSize = kem === 'ml-kem-768' ? 1088 : 1568
  const begin = (random: RandomSource): KeyAgreement => {
    const key = Buffer.concat([ML_KEM_PRIVATE_PREFIXES[kem], random(ML_KEM_SEED_SIZE)])
    const privateKey = createPrivateKey({ key, type: 'pkcs8', format: 'der' })
    const classic = beginClassic(random)
    const encoded = publicBytes(privateKey, ML_KEM_PREFIX_SIZE)
    const agree = (serverShare: Buffer): Buffer => {
      const ciphertext = serverShare.subarray(0, ciphertextSize)
      const secret = computed(() => decapsulate(privateKey, ciphertext))
      const digest = createHash(hash).update(secret)
      return asString(digest.update(classic.compute(serverShare.subarray(ciphertextSize))).digest())
    }
    return { share: Buffer.concat([encoded, classic.share]), agree }
  }
  return { hash, shareForm: 'bytes', begin }
}

/** The public key as SSH writes it: without what stands before it in a SubjectPublicKeyInfo. */
function publicBytes(privateKey: KeyObject, prefixSize: number): Buffer {
  const encoded = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  return encoded.subarray(prefixSize)
}

/** sntrup761 takes any bytes of the right length for a public key, and OpenSSL does not have it. */
function shareOnly(): KeyExchangeMethod {
  const begin = (random: RandomSource): KeyAgreement => ({
    share: Buffer.concat([random(1158), beginX25519(random).share]),
    agree: () => refuse('a key exchange that cannot be computed here'),
  })
  return { hash: 'sha512', shareForm: 'bytes', begin, isShareOnly: true }
}

/** OpenSSL refuses a share that lies on no curve, or has another length: the peer is at fault. */
function computed(compute: () => Buffer): Buffer {
  try {
    return compute()
  } catch {
    return refuse('a share of a key exchange that is none')
  }
}

function asNumber(secret: Buffer): Buffer {
  return writePositiveNumber(new ByteWriter(), secret).finish()
}

function asString(secret: Buffer): Buffer {
  return writeSshString(new ByteWriter(), secret).finish()
}
