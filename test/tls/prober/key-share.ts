/** A key share of any group, so that a server goes on to sign (RFC 8446 section 4.2.8). */
import { createECDH, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'

type Share = { readonly group: number; readonly key: Buffer }

const shares = new Map<number, Share>()

/** The share of a group that the running OpenSSL has; made once. */
export function keyShare(group: number): Share {
  const share = shares.get(group) ?? { group, key: makeKey(group) }
  shares.set(group, share)
  return share
}

function makeKey(group: number): Buffer {
  switch (group) {
    case 23:
      return point('prime256v1')
    case 24:
      return point('secp384r1')
    case 25:
      return point('secp521r1')
    case 29:
      return raw(generateKeyPairSync('x25519').publicKey, 32)
    case 30:
      return raw(generateKeyPairSync('x448').publicKey, 56)
    case 0x11eb:
      return Buffer.concat([point('prime256v1'), encapsulationKey('ml-kem-768', 1184)])
    case 0x11ec:
      return Buffer.concat([encapsulationKey('ml-kem-768', 1184), makeKey(29)])
    case 0x11ed:
      return Buffer.concat([point('secp384r1'), encapsulationKey('ml-kem-1024', 1568)])
    default:
      return belowPrime([256, 384, 512, 768, 1024][group - 256] ?? 0)
  }
}

function point(curve: string): Buffer {
  return createECDH(curve).generateKeys()
}

function encapsulationKey(kind: 'ml-kem-768' | 'ml-kem-1024', size: number): Buffer {
  return raw(generateKeyPairSync(kind).publicKey, size)
}

/** The key is what a SubjectPublicKeyInfo ends in. */
function raw(key: KeyObject, size: number): Buffer {
  return key.export({ type: 'spki', format: 'der' }).subarray(-size)
}

/** Any number below the prime will do: the groups' primes begin with ones. */
function belowPrime(size: number): Buffer {
  return Buffer.concat([Buffer.from([0x7f]), randomBytes(size - 1)])
}
