/** Key pairs of the client, in TLS and SSH, for the groups that node:crypto can compute with: RFC 8446 section 4.2.8. */
import {
  createECDH,
  createPrivateKey,
  createPublicKey,
  decapsulate,
  diffieHellman,
  type KeyObject,
} from 'node:crypto'
import { ffdhePrime } from '../../algorithms/ffdhe-primes.ts'
import { refuse } from '../../wire/protocol-error.ts'
import { beginPrimeExchange } from './prime-exchange.ts'

export type KeyPair = {
  readonly group: number
  /** What the client sends. */
  readonly share: Buffer
  /**
   * The secret with what the server sent.
   *
   * @throws ProtocolError where that is no key of the group.
   */
  agree(peer: Buffer): Buffer
}

type RandomBytes = (length: number) => Buffer
type MakeKeyPair = (random: RandomBytes) => Omit<KeyPair, 'group'>

/** RFC 8410 section 7: a private key of X25519 or X448 in DER, before its bytes; of a public one too. */
const MONTGOMERY = {
  x25519: {
    private: '302e020100300506032b656e04220420',
    public: '302a300506032b656e032100',
    size: 32,
  },
  x448: {
    private: '3046020100300506032b656f043a0438',
    public: '3042300506032b656f033900',
    size: 56,
  },
} as const

function montgomery(curve: keyof typeof MONTGOMERY): MakeKeyPair {
  const { private: head, public: publicHead, size } = MONTGOMERY[curve]
  return (random) => {
    const der = Buffer.concat([Buffer.from(head, 'hex'), random(size)])
    const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    return {
      share: lastBytes(createPublicKey(privateKey), size),
      agree: (peer) => {
        // OpenSSL reads as many bytes as it needs, and leaves the rest.
        if (peer.length !== size) refuse(`a share of ${peer.length} bytes`)
        const spki = Buffer.concat([Buffer.from(publicHead, 'hex'), peer])
        const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' })
        return diffieHellman({ privateKey, publicKey })
      },
    }
  }
}

/** The raw key at the end of its DER. */
function lastBytes(key: KeyObject, size: number): Buffer {
  return key.export({ format: 'der', type: 'spki' }).subarray(-size)
}

function weierstrass(curve: string, size: number): MakeKeyPair {
  return (random) => {
    const ecdh = createECDH(curve)
    const scalar = random(size)
    // Below the order of each curve, and not 0.
    scalar.writeUInt8(size === 66 ? 0 : 0x3f & scalar.readUInt8(0))
    scalar.writeUInt8(scalar.readUInt8(size - 1) | 1, size - 1)
    ecdh.setPrivateKey(scalar)
    return { share: ecdh.getPublicKey(), agree: (peer) => ecdh.computeSecret(peer) }
  }
}

/** RFC 8446 section 4.2.8.1: as long as the prime, with zeros in front. */
function finiteField(bits: number): MakeKeyPair {
  const size = bits / 8
  return (random) => {
    const { share, compute } = beginPrimeExchange(ffdhePrime(bits), 2n, random)
    return { share: padded(share, size), agree: (peer) => padded(compute(peer), size) }
  }
}

function padded(number: Buffer, size: number): Buffer {
  return Buffer.concat([Buffer.alloc(Math.max(0, size - number.length)), number])
}

/** FIPS 203: DER of a private key as its seed, before it; and how long the public key is. */
const LATTICES = {
  512: { head: '3054020100300b060960864801650304040104428040', size: 800, ciphertext: 768 },
  768: { head: '3054020100300b060960864801650304040204428040', size: 1184, ciphertext: 1088 },
  1024: { head: '3054020100300b060960864801650304040304428040', size: 1568, ciphertext: 1568 },
} as const

const SEED = 64

function lattice(strength: keyof typeof LATTICES): MakeKeyPair {
  const { head, size } = LATTICES[strength]
  return (random) => {
    const der = Buffer.concat([Buffer.from(head, 'hex'), random(SEED)])
    const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    return {
      share: lastBytes(createPublicKey(privateKey), size),
      agree: (ciphertext) => decapsulate(privateKey, ciphertext),
    }
  }
}

/** draft-ietf-tls-ecdhe-mlkem: both parts one behind the other, in the order that the group has. */
function hybrid(
  first: MakeKeyPair,
  second: MakeKeyPair,
  split: (peer: Buffer) => number,
): MakeKeyPair {
  return (random) => {
    const [one, two] = [first(random), second(random)]
    return {
      share: Buffer.concat([one.share, two.share]),
      agree: (peer) => {
        const at = split(peer)
        return Buffer.concat([one.agree(peer.subarray(0, at)), two.agree(peer.subarray(at))])
      },
    }
  }
}

/** The cheapest first. */
const GROUPS: ReadonlyMap<number, MakeKeyPair> = new Map([
  [29, montgomery('x25519')],
  [23, weierstrass('prime256v1', 32)],
  [24, weierstrass('secp384r1', 48)],
  [25, weierstrass('secp521r1', 66)],
  [30, montgomery('x448')],
  [0x11ec, hybrid(lattice(768), montgomery('x25519'), () => LATTICES[768].ciphertext)],
  [0x11eb, hybrid(weierstrass('prime256v1', 32), lattice(768), () => 65)],
  [0x11ed, hybrid(weierstrass('secp384r1', 48), lattice(1024), () => 97)],
  [0x0201, lattice(768)],
  [0x0202, lattice(1024)],
  [0x0200, lattice(512)],
  [31, weierstrass('brainpoolP256r1', 32)],
  [32, weierstrass('brainpoolP384r1', 48)],
  [33, weierstrass('brainpoolP512r1', 64)],
  [26, weierstrass('brainpoolP256r1', 32)],
  [27, weierstrass('brainpoolP384r1', 48)],
  [28, weierstrass('brainpoolP512r1', 64)],
  [22, weierstrass('secp256k1', 32)],
  [0x100, finiteField(2048)],
  [0x101, finiteField(3072)],
  [0x102, finiteField(4096)],
  [0x103, finiteField(6144)],
  [0x104, finiteField(8192)],
])

/** Those that can be computed with first, the cheapest of them before others. */
export function cheapestFirst(groups: readonly number[]): readonly number[] {
  const computable = [...GROUPS.keys()].filter((group) => groups.includes(group))
  return [...computable, ...groups.filter((group) => !GROUPS.has(group))]
}

/** The group with which a handshake costs least, of those that can be computed with. */
export function cheapestGroup(groups: readonly number[]): number | undefined {
  return [...GROUPS.keys()].find((group) => groups.includes(group))
}

/**
 * A pair of keys; undefined where node:crypto cannot compute with the group.
 *
 * @param random Draws the private key.
 */
export function makeKeyPair(group: number, random: RandomBytes): KeyPair | undefined {
  const made = madeKeyPair(group, random)
  if (!made) return undefined
  const { share, agree } = made
  return {
    group,
    share,
    agree: (peer) => {
      try {
        return agree(peer)
      } catch {
        return refuse('a share that is no key of its group')
      }
    },
  }
}

function madeKeyPair(group: number, random: RandomBytes): Omit<KeyPair, 'group'> | undefined {
  try {
    return GROUPS.get(group)?.(random)
  } catch {
    // An OpenSSL without the curve or without ML-KEM.
    return undefined
  }
}
