/** Names that lists of disabled algorithms may have: those of OpenJDK 17, 21 and 25, and those that the back-end writes. */
import { findTlsSuiteByName } from '../../algorithms/tls-suites.ts'

/** Protocols, algorithms, what suites are taken apart into, groups, curves. Java minds no case. */
const NAMES = `
  3DES_EDE_CBC AES AES_128 AES_128_CBC AES_128_CCM AES_128_GCM AES_192 AES_256 AES_256_CBC
  AES_256_CCM AES_256_GCM ANON arbitrary_explicit_char2_curves arbitrary_explicit_prime_curves
  ARCFOUR Blowfish brainpoolP256r1 brainpoolP320r1 brainpoolP384r1 brainpoolP512r1 CBC ChaCha20
  ChaCha20-Poly1305 CHACHA20_POLY1305 DES DES40_CBC DESede DESedeWrap DES_CBC DES_CBC_40 DH DHE
  DHE_DSS DHE_DSS_EXPORT DHE_RSA DHE_RSA_EXPORT DHKEM DH_ANON DH_DSS DH_DSS_EXPORT DH_RSA
  DH_RSA_EXPORT DiffieHellman DSA dsa_sha1 dsa_sha224 dsa_sha256 DSS DTLSv1.0 DTLSv1.2 EC ECDH
  ECDHE ECDHE_ECDSA ECDHE_RSA ECDH_ANON ECDH_ECDSA ECDH_RSA ECDSA ecdsa_secp256r1_sha256
  ecdsa_secp384r1_sha384 ecdsa_secp521r1_sha512 ecdsa_sha1 ecdsa_sha224 Ed25519 Ed448 EdDSA
  ffdhe2048 ffdhe3072 ffdhe4096 ffdhe6144 ffdhe8192 GCM HmacMD5 HmacSHA1 HmacSHA224 HmacSHA256
  HmacSHA3-224 HmacSHA3-256 HmacSHA3-384 HmacSHA3-512 HmacSHA384 HmacSHA512 HmacSHA512/224
  HmacSHA512/256 HSS HSS/LMS KEM LMS MD2 MD2withRSA MD5 MD5andSHA1withRSA MD5withDSA MD5withECDSA
  MD5withRSA ML-DSA ML-DSA-44 ML-DSA-65 ML-DSA-87 ML-KEM ML-KEM-1024 ML-KEM-512 ML-KEM-768
  MLKEM1024 MLKEM512 MLKEM768 NONEwithDSA NONEwithECDSA NONEwithRSA NULL RC2 RC2_128 RC2_40 RC4
  RC4_128 RC4_40 RIPEMD160withECDSA RIPEMD160withRSA RIPEMD160withRSAandMGF1 RSA RSAPSK RSASSA-PSS
  RSA_EXPORT rsa_md5 rsa_pkcs1_sha1 rsa_pkcs1_sha256 rsa_pkcs1_sha384 rsa_pkcs1_sha512
  rsa_pss_pss_sha256 rsa_pss_pss_sha384 rsa_pss_pss_sha512 rsa_pss_rsae_sha256 rsa_pss_rsae_sha384
  rsa_pss_rsae_sha512 rsa_sha224 secp112r1 secp112r2 secp128r1 secp128r2 secp160k1 secp160r1
  secp160r2 secp192k1 secp192r1 secp224k1 secp224r1 secp256k1 secp256r1 SecP256r1MLKEM768
  secp384r1 SecP384r1MLKEM1024 secp521r1 sect113r1 sect113r2 sect131r1 sect131r2 sect163k1
  sect163r1 sect163r2 sect193r1 sect193r2 sect233k1 sect233r1 sect239k1 sect283k1 sect283r1
  sect409k1 sect409r1 sect571k1 sect571r1 SHA-1 SHA-224 SHA-256 SHA-384 SHA-512 SHA-512/224
  SHA-512/256 SHA1 SHA1withDSA SHA1withECDSA SHA1withRSA SHA1withRSAandMGF1 SHA224 SHA224withDSA
  SHA224withECDSA SHA224withRSA SHA224withRSAandMGF1 SHA256 SHA256withDSA SHA256withECDSA
  SHA256withRSA SHA256withRSAandMGF1 SHA3-224 SHA3-224withDSA SHA3-224withECDSA SHA3-224withRSA
  SHA3-256 SHA3-256withDSA SHA3-256withECDSA SHA3-256withRSA SHA3-384 SHA3-384withDSA
  SHA3-384withECDSA SHA3-384withRSA SHA3-512 SHA3-512withDSA SHA3-512withECDSA SHA3-512withRSA
  SHA384 SHA384withDSA SHA384withECDSA SHA384withRSA SHA384withRSAandMGF1 SHA3_256 SHA3_384
  SHA3_512 SHA512 SHA512/224withRSA SHA512/256withRSA SHA512withDSA SHA512withECDSA SHA512withRSA
  SHA512withRSAandMGF1 SHAKE128-256 SHAKE256-512 SslMacMD5 SslMacSHA1 SSLv2 SSLv2Hello SSLv3 TLSv1
  TLSv1.1 TLSv1.2 TLSv1.3 TripleDES X25519 X25519MLKEM768 X448 XDH
`

export const JAVA_NAMES: readonly string[] = NAMES.trim().split(/\s+/)

const KNOWN: ReadonlySet<string> = new Set(JAVA_NAMES.map((name) => name.toUpperCase()))

/** Suites that are gone, or off, have parts that no other suite has. */
const OBSOLETE_SUITE =
  /^(?:SSL|TLS)_(?:KRB5|(?:EC)?DH_(?:RSA|DSS|ECDSA)|\w+_(?:EXPORT|DES|DES40|RC2|RC4|NULL|IDEA|FORTEZZA|FIPS|ARIA|SEED|CAMELLIA))_/i

/** Whether any release of Java that is supported has an algorithm, a protocol, a suite or a curve of that name. */
export function isJavaName(name: string): boolean {
  if (KNOWN.has(name.toUpperCase()) || OBSOLETE_SUITE.test(name)) return true
  return findTlsSuiteByName(name.replace(/^SSL_/i, 'TLS_')) !== undefined
}
