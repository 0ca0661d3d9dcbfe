/** Signature schemes with SHA-224: some libraries have them in TLS 1.2, and the shared tables do not. */
import { SCHEMES_OF_SIGNATURES } from '../../algorithms/policy-names-in-tls.ts'
import type { SignatureName } from '../../algorithms/signature.ts'
import type { TlsSignatureScheme } from '../../algorithms/tls-signatures.ts'
import { evaluatePolicy } from '../../policy/effective-policy.ts'
import type { Policy } from '../../policy/policy.ts'
import { purpose, type TlsPurpose } from '../../policy/scope.ts'

/**
 * Schemes of TLS 1.2 with SHA-224 (RFC 5246 section 7.4.1.4.1). RFC 8446 gave them no names. OpenSSL and
 * Java have them, GnuTLS and NSS do not.
 */
const SHA224_SCHEMES: ReadonlyMap<SignatureName, TlsSignatureScheme> = new Map([
  ['RSA-SHA2-224', { number: 0x0301, name: 'rsa_pkcs1_sha224', key: 'rsa' }],
  ['DSA-SHA2-224', { number: 0x0302, name: 'dsa_sha224', key: 'dsa' }],
  ['ECDSA-SHA2-224', { number: 0x0303, name: 'ecdsa_sha224', key: 'ecdsa' }],
])

/** The word of a policy for a scheme: its own name where no policy has a word for it. */
export function signatureOfScheme(scheme: string): string {
  const [sha224] = [...SHA224_SCHEMES].find(([, { name }]) => name === scheme) ?? []
  const known = Object.entries(SCHEMES_OF_SIGNATURES).find(([, name]) => name === scheme)
  return sha224 ?? known?.[0] ?? scheme
}

/** Those that a policy allows, whether or not the library of the purpose has them. */
export function sha224Schemes(policy: Policy, name: TlsPurpose): readonly TlsSignatureScheme[] {
  const { protocol, sign } = evaluatePolicy(policy, purpose(name).scopes).enabled
  return protocol.includes('TLS1.2') ? sign.flatMap((word) => SHA224_SCHEMES.get(word) ?? []) : []
}
