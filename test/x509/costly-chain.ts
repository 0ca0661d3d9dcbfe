/** Chains that cost much to verify and prove nothing: their signatures are made of the wrong keys. */
import { randomBytes } from 'node:crypto'
import { element, generate, oid, sequence } from '../tls/certificates.ts'
import { AUTHORITY, ENDPOINT, type Made, make } from './made-certificate.ts'

/** What makes the signatures expensive: an exponent as long as the modulus, or a large curve. */
export const COSTLY_KINDS = ['rsa-3072', 'ec-secp521r1', 'ec-sect571r1'] as const

export type CostlyKind = (typeof COSTLY_KINDS)[number]

/**
 * A chain whose certificates name each other one after the other.
 *
 * @param name Of each certificate, by its number; 0 is the first.
 */
export function costlyChain(
  kind: CostlyKind,
  count: number,
  name = (index: number) => `level ${index}`,
): readonly Made[] {
  const signer = generate(kind)
  const publicKey = kind === 'rsa-3072' ? withLongExponent() : undefined
  const chain: Made[] = []
  for (let index = count; index-- > 0; ) {
    const issuer = { description: { subject: name(index + 1) }, ...signer } as Made
    const isEnd = index === 0
    const own = isEnd ? ENDPOINT : { ...AUTHORITY, ...(publicKey ? { publicKey } : {}) }
    chain.unshift(
      make({ subject: name(index), issuer, ...own }, isEnd ? undefined : (signer as Made)),
    )
  }
  return chain
}

/** SubjectPublicKeyInfo of an RSA key of 3072 bits whose exponent is as long. */
export function withLongExponent(): Buffer {
  const { publicKey } = generate('rsa-3072')
  const { n = '' } = publicKey.export({ format: 'jwk' })
  const modulus = Buffer.from(n, 'base64url')
  const exponent = randomBytes(modulus.length)
  // Less than the modulus, and odd.
  exponent[0] = 0x7f
  exponent[exponent.length - 1]! |= 1
  const algorithm = sequence(oid('2a864886f70d010101'), element(0x05))
  const key = sequence(
    element(0x02, Buffer.concat([Buffer.from([0]), modulus])),
    element(0x02, exponent),
  )
  return sequence(algorithm, element(0x03, Buffer.concat([Buffer.from([0]), key])))
}
