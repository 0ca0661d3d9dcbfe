/** TLS signature schemes by IANA number and name (RFC 8446 section 4.2.3, RFC 8422, RFC 9189). */

/** The key that makes the signature; `rsa-pss` keys are bound to that padding. */
export type SignatureKey =
  | 'rsa'
  | 'rsa-pss'
  | 'dsa'
  | 'ecdsa'
  | 'ed25519'
  | 'ed448'
  | 'gost'
  | 'ml-dsa'

export type TlsSignatureScheme = {
  /** What the wire carries. */
  readonly number: number
  /** The name in the IANA registry. */
  readonly name: string
  readonly key: SignatureKey
}

/** In the order of the registry. */
export const TLS_SIGNATURE_SCHEMES = [
  { number: 0x0201, name: 'rsa_pkcs1_sha1', key: 'rsa' },
  { number: 0x0202, name: 'dsa_sha1', key: 'dsa' },
  { number: 0x0203, name: 'ecdsa_sha1', key: 'ecdsa' },
  { number: 0x0401, name: 'rsa_pkcs1_sha256', key: 'rsa' },
  { number: 0x0403, name: 'ecdsa_secp256r1_sha256', key: 'ecdsa' },
  { number: 0x0501, name: 'rsa_pkcs1_sha384', key: 'rsa' },
  { number: 0x0503, name: 'ecdsa_secp384r1_sha384', key: 'ecdsa' },
  { number: 0x0601, name: 'rsa_pkcs1_sha512', key: 'rsa' },
  { number: 0x0603, name: 'ecdsa_secp521r1_sha512', key: 'ecdsa' },
  { number: 0x0804, name: 'rsa_pss_rsae_sha256', key: 'rsa' },
  { number: 0x0805, name: 'rsa_pss_rsae_sha384', key: 'rsa' },
  { number: 0x0806, name: 'rsa_pss_rsae_sha512', key: 'rsa' },
  { number: 0x0807, name: 'ed25519', key: 'ed25519' },
  { number: 0x0808, name: 'ed448', key: 'ed448' },
  { number: 0x0809, name: 'rsa_pss_pss_sha256', key: 'rsa-pss' },
  { number: 0x080a, name: 'rsa_pss_pss_sha384', key: 'rsa-pss' },
  { number: 0x080b, name: 'rsa_pss_pss_sha512', key: 'rsa-pss' },
  { number: 0x0840, name: 'gostr34102012_256', key: 'gost' },
  { number: 0x0841, name: 'gostr34102012_512', key: 'gost' },
  { number: 0x0904, name: 'mldsa44', key: 'ml-dsa' },
  { number: 0x0905, name: 'mldsa65', key: 'ml-dsa' },
  { number: 0x0906, name: 'mldsa87', key: 'ml-dsa' },
] as const satisfies readonly TlsSignatureScheme[]

export type TlsSignatureSchemeName = (typeof TLS_SIGNATURE_SCHEMES)[number]['name']

const byName = new Map<string, TlsSignatureScheme>(
  TLS_SIGNATURE_SCHEMES.map((scheme) => [scheme.name, scheme]),
)

/** The scheme of a registry name. */
export function tlsSignatureScheme(name: TlsSignatureSchemeName): TlsSignatureScheme {
  return byName.get(name) as TlsSignatureScheme
}
