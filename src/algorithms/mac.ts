/** Message authentication codes, in the order in which a wildcard lists them. */
import type { Algorithm } from './algorithm.ts'

/**
 * `AEAD` stands for the tag that an authenticated cipher brings itself.
 */
export const MACS = [
  { name: 'AEAD' },
  { name: 'UMAC-128' },
  { name: 'HMAC-SHA1' },
  { name: 'HMAC-SHA2-256' },
  { name: 'HMAC-SHA2-384' },
  { name: 'HMAC-SHA2-512' },
  { name: 'UMAC-64', weakness: { severity: 'medium', because: '64-bit tag' } },
  { name: 'HMAC-MD5', weakness: { severity: 'high', because: 'MD5, RFC 6151' } },
  { name: 'HMAC-STREEBOG-256' },
  { name: 'HMAC-STREEBOG-512' },
  { name: 'GOST28147-CPA-IMIT' },
  { name: 'GOST28147-TC26Z-IMIT' },
  { name: 'MAGMA-OMAC' },
  { name: 'KUZNYECHIK-OMAC' },
  { name: 'MAGMA-OMAC-ACPKM' },
  { name: 'KUZNYECHIK-OMAC-ACPKM' },
] as const satisfies readonly Algorithm[]

export type MacName = (typeof MACS)[number]['name']
