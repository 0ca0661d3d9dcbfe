/** Signatures that certificates may bear: their names by object identifier, and what forbids them. */
import type { Evaluation } from '../priority/evaluate.ts'
import { GNUTLS_SIGNATURES, type GnutlsSignature } from '../priority/gnutls-algorithms.ts'
import { levelOfProfile, type ProfileName, type SecurityLevelName } from '../priority/profiles.ts'

const DIGEST_SIGNATURES = '2.16.840.1.101.3.4.3'

/** By the last arc below DIGEST_SIGNATURES (NIST Computer Security Objects Register). */
const NIST_SIGNATURES = [
  ...['', 'DSA-SHA224', 'DSA-SHA256', 'DSA-SHA384', 'DSA-SHA512'],
  ...['DSA-SHA3-224', 'DSA-SHA3-256', 'DSA-SHA3-384', 'DSA-SHA3-512'],
  ...['ECDSA-SHA3-224', 'ECDSA-SHA3-256', 'ECDSA-SHA3-384', 'ECDSA-SHA3-512'],
  ...['RSA-SHA3-224', 'RSA-SHA3-256', 'RSA-SHA3-384', 'RSA-SHA3-512'],
  ...['ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87'],
]

/** GnuTLS's names (RFC 8017, RFC 3279, RFC 5758, RFC 8410, RFC 9215). */
const SIGNATURES: ReadonlyMap<string, string> = new Map([
  ...NIST_SIGNATURES.map((name, arc): [string, string] => [`${DIGEST_SIGNATURES}.${arc}`, name]),
  ['1.2.840.113549.1.1.2', 'RSA-MD2'],
  ['1.2.840.113549.1.1.4', 'RSA-MD5'],
  ['1.2.840.113549.1.1.5', 'RSA-SHA1'],
  ['1.3.14.3.2.29', 'RSA-SHA1'],
  ['1.3.36.3.3.1.2', 'RSA-RMD160'],
  ['1.2.840.113549.1.1.14', 'RSA-SHA224'],
  ['1.2.840.113549.1.1.11', 'RSA-SHA256'],
  ['1.2.840.113549.1.1.12', 'RSA-SHA384'],
  ['1.2.840.113549.1.1.13', 'RSA-SHA512'],
  ['1.2.840.10040.4.3', 'DSA-SHA1'],
  ['1.2.840.10045.4.1', 'ECDSA-SHA1'],
  ['1.2.840.10045.4.3.1', 'ECDSA-SHA224'],
  ['1.2.840.10045.4.3.2', 'ECDSA-SHA256'],
  ['1.2.840.10045.4.3.3', 'ECDSA-SHA384'],
  ['1.2.840.10045.4.3.4', 'ECDSA-SHA512'],
  ['1.3.101.112', 'EdDSA-Ed25519'],
  ['1.3.101.113', 'EdDSA-Ed448'],
  ['1.2.643.2.2.3', 'GOSTR341001'],
  ['1.2.643.7.1.1.3.2', 'GOSTR341012-256'],
  ['1.2.643.7.1.1.3.3', 'GOSTR341012-512'],
])

/** Hashes of RSA-PSS parameters; GnuTLS has RSA-PSS with no other. */
const PSS_HASHES: ReadonlyMap<string, string> = new Map([
  ['2.16.840.1.101.3.4.2.1', 'RSA-PSS-SHA256'],
  ['2.16.840.1.101.3.4.2.2', 'RSA-PSS-SHA384'],
  ['2.16.840.1.101.3.4.2.3', 'RSA-PSS-SHA512'],
])

/** What an attack on the hash must cost, in bits, for GnuTLS to accept a signature at a level. */
const HASH_STRENGTHS: Readonly<Record<SecurityLevelName, number>> = {
  'very weak': 64,
  weak: 72,
  low: 80,
  legacy: 96,
  medium: 112,
  high: 128,
  ultra: 192,
  future: 256,
}

/** Half the output of each hash, in bits: what finding a collision costs at best. */
const STRENGTHS: Readonly<Record<string, number>> = {
  MD2: 64,
  MD5: 64,
  SHA1: 80,
  RIPEMD160: 80,
  SHA224: 112,
  'SHA3-224': 112,
  SHA256: 128,
  'SHA3-256': 128,
  GOSTR341194: 128,
  'STREEBOG-256': 128,
  SHA384: 192,
  'SHA3-384': 192,
}

/** The signature of an object identifier, with the hash of its parameters for RSA-PSS. */
export function findCertificateSignature(
  identifier: string,
  pssHash?: string,
): GnutlsSignature | undefined {
  const name = pssHash === undefined ? SIGNATURES.get(identifier) : PSS_HASHES.get(pssHash)
  return GNUTLS_SIGNATURES.find((row) => row.name === name)
}

/** Whether certificates of a chain may bear a signature. */
export function isSignatureAllowed(evaluation: Evaluation, signature: GnutlsSignature): boolean {
  const { certificateProhibitions, profile } = evaluation
  if (certificateProhibitions.has(signature.name) && !isWeakAllowed(evaluation, signature)) {
    return false
  }
  return profile === undefined || isStrong(signature, profile)
}

/** The hashes of every signature that certificates may bear. */
export function acceptedCertificateHashes(evaluation: Evaluation): readonly string[] {
  const accepted = GNUTLS_SIGNATURES.filter((row) => isSignatureAllowed(evaluation, row))
  return [...new Set(accepted.flatMap(({ hash }) => hash ?? []))]
}

/** What `%VERIFY_ALLOW_...` takes back of the prohibitions. */
function isWeakAllowed({ options }: Evaluation, { name, hash }: GnutlsSignature): boolean {
  if (options.brokenCertificateSignatures) return true
  if (name === 'RSA-MD5') return options.md5CertificateSignatures
  return hash === 'SHA1' && options.sha1CertificateSignatures
}

function isStrong({ name, hash = '' }: GnutlsSignature, profile: ProfileName): boolean {
  if (isSuiteB(profile)) return name === 'ECDSA-SHA256' || name === 'ECDSA-SHA384'
  return (STRENGTHS[hash] ?? 256) >= HASH_STRENGTHS[levelOfProfile(profile)]
}

/** The profiles of RFC 5759, which name their algorithms. */
export function isSuiteB(profile: ProfileName | undefined): boolean {
  return profile === 'SUITEB128' || profile === 'SUITEB192'
}
