/** What node:crypto needs to verify a signature by its AlgorithmIdentifier. */
import { constants, type KeyObject } from 'node:crypto'
import { type DerElement, readElements, readObjectIdentifier, readSequence } from '../asn1/der.ts'
import { findCertificateSignature } from './signature-rules.ts'

const RSASSA_PSS = '1.2.840.113549.1.1.10'
const SHA1 = '1.3.14.3.2.26'

/** The identifier of a signature algorithm, with the hash of its parameters for RSA-PSS. */
export function readSignatureAlgorithm(algorithm: DerElement): {
  identifier: string
  pssHash?: string
} {
  const [name, parameters] = readElements(algorithm.body)
  const identifier = name ? readObjectIdentifier(name) : ''
  if (identifier !== RSASSA_PSS) return { identifier }
  // The parameters of RSA-PSS are those of RFC 4055 section 3.1.
  const fields = parameters ? readElements(parameters.body) : []
  const hash = fields.find(({ tag }) => tag === 0xa0)
  const [hashName] = hash ? readSequence(hash.body) : []
  return { identifier, pssHash: hashName ? readObjectIdentifier(hashName) : SHA1 }
}

type VerifyOptions = { readonly padding?: number; readonly saltLength?: number }

/** The hash by node:crypto's name, null where the key decides, and what RSA-PSS needs. */
export function signatureParameters(
  algorithm: DerElement,
  key: KeyObject,
): { hash: string | null; options: VerifyOptions } {
  const { identifier, pssHash } = readSignatureAlgorithm(algorithm)
  const signature = findCertificateSignature(identifier, pssHash)
  const isHashed = /^(rsa|rsa-pss|dsa|ec)$/.test(key.asymmetricKeyType ?? '')
  const hash = isHashed ? (signature?.hash ?? '') : null
  const padding = constants.RSA_PKCS1_PSS_PADDING
  const saltLength = constants.RSA_PSS_SALTLEN_AUTO
  return { hash, options: pssHash === undefined ? {} : { padding, saltLength } }
}
