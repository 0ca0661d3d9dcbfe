/** Diffie-Hellman parameters of the FFDHE groups (RFC 7919 appendix A), in PEM. */
import { ffdhePrime } from '../algorithms/ffdhe-primes.ts'
import { sequenceOf, unsignedInteger } from '../asn1/der-writer.ts'
import { encodePem } from '../asn1/pem.ts'

const GENERATOR = 2n

/**
 * The parameters of a group.
 *
 * @throws RangeError where no group has that many bits.
 */
export function dhParameters(bits: number): string {
  const parameters = sequenceOf(unsignedInteger(ffdhePrime(bits)), unsignedInteger(GENERATOR))
  return encodePem('DH PARAMETERS', parameters)
}
