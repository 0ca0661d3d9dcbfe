/** Hash functions, in the order in which a wildcard lists them. */
import type { Algorithm } from './algorithm.ts'

/**
 * Order: by family (SHA-2, SHA-3, SHAKE), strong before short; broken ones, then GOST.
 */
export const HASHES = [
  { name: 'SHA2-256' },
  { name: 'SHA2-384' },
  { name: 'SHA2-512' },
  { name: 'SHA3-256' },
  { name: 'SHA3-384' },
  { name: 'SHA3-512' },
  { name: 'SHA2-224' },
  { name: 'SHA3-224' },
  { name: 'SHAKE-256' },
  { name: 'SHAKE-128' },
  { name: 'SHA1', weakness: { severity: 'medium', because: 'collisions are practical, RFC 9155' } },
  { name: 'MD5', weakness: { severity: 'high', because: 'collisions are trivial, RFC 6151' } },
  { name: 'STREEBOG-256' },
  { name: 'STREEBOG-512' },
  { name: 'GOSTR94', weakness: { severity: 'medium', because: 'replaced by Streebog, RFC 6986' } },
] as const satisfies readonly Algorithm[]

export type HashName = (typeof HASHES)[number]['name']
