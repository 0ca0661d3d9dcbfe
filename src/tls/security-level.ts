/** OpenSSL's security level (SSL_CTX_set_security_level): as high as a string's profile, if that refuses nothing. */
import type { AllowedTls, MinimumKeySizes } from '../algorithms/allowed-tls.ts'
import { exchangeKind, isTls13Suite } from '../algorithms/handshake-needs.ts'
import {
  bitsOfGroup,
  bitsOfScheme,
  bitsOfSuite,
  FORWARD_SECRET_LEVEL,
  OPENSSL_HASH_BITS,
  OPENSSL_SECURITY_LEVELS,
  type OpensslSecurityLevel,
} from '../algorithms/openssl-security-bits.ts'
import { isBeforeTls12 } from '../algorithms/tls-versions.ts'
import type { Evaluation } from '../priority/evaluate.ts'
import { acceptedCertificateHashes } from '../x509/signature-rules.ts'

/**
 * The level to set. The profile itself is enforced on the peer's certificates after the
 * handshake; the level makes OpenSSL refuse most of them earlier.
 */
export function securityLevel(evaluation: Evaluation, allowed: AllowedTls): number {
  const bits = weakestBits(evaluation, allowed)
  const limit = hasOldWays(evaluation, allowed) ? FORWARD_SECRET_LEVEL - 1 : Infinity
  const { minimumKeySizes: sizes } = allowed
  const fits = OPENSSL_SECURITY_LEVELS.filter(
    (row) => row.bits <= bits && row.level <= limit && reaches(sizes, row),
  )
  return fits.at(-1)?.level ?? 0
}

function reaches(sizes: MinimumKeySizes, row: OpensslSecurityLevel): boolean {
  return sizes.rsa >= row.rsa && sizes.dsa >= row.rsa && sizes.ec >= row.ec
}

function hasOldWays({ options }: Evaluation, { suites }: AllowedTls): boolean {
  return options.tickets || suites.some((suite) => !isTls13Suite(suite) && !exchangeKind(suite))
}

/** The bits of the weakest thing that the level could refuse. */
function weakestBits(evaluation: Evaluation, allowed: AllowedTls): number {
  // Versions before TLS 1.2, and servers without a key of their own, are for level 0 only.
  if (allowed.versions.some(isBeforeTls12)) return 0
  return Math.min(
    ...allowed.suites.map((suite) => bitsOfSuite(suite, allowed.minimumKeySizes.dh)),
    ...allowed.groups.map(bitsOfGroup),
    ...allowed.signatureSchemes.map(({ name }) => bitsOfScheme(name)),
    ...acceptedCertificateHashes(evaluation).map((hash) => OPENSSL_HASH_BITS[hash] ?? 256),
  )
}
