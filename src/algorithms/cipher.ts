/** Symmetric ciphers with their modes, in the order in which a wildcard lists them. */
import type { Algorithm } from './algorithm.ts'

/**
 * Order: authenticated ciphers first, by key size; then the TLS and SSH modes without
 * authentication; then OpenPGP (RFC 9580); then what only old software needs; GOST last.
 */
export const CIPHERS = [
  { name: 'AES-256-GCM' },
  { name: 'AES-256-CCM' },
  { name: 'AES-192-GCM' },
  { name: 'AES-192-CCM' },
  { name: 'AES-128-GCM' },
  { name: 'AES-128-CCM' },
  { name: 'CHACHA20-POLY1305' },
  { name: 'CAMELLIA-256-GCM' },
  { name: 'CAMELLIA-128-GCM' },
  { name: 'AES-256-CTR' },
  { name: 'AES-256-CBC' },
  { name: 'AES-192-CTR' },
  { name: 'AES-192-CBC' },
  { name: 'AES-128-CTR' },
  { name: 'AES-128-CBC' },
  { name: 'AES-256-OCB' },
  { name: 'AES-256-EAX' },
  { name: 'AES-192-OCB' },
  { name: 'AES-192-EAX' },
  { name: 'AES-128-OCB' },
  { name: 'AES-128-EAX' },
  { name: 'CAMELLIA-256-CBC' },
  { name: 'CAMELLIA-192-CBC' },
  { name: 'CAMELLIA-128-CBC' },
  {
    name: '3DES-CBC',
    weakness: {
      severity: 'medium',
      because: '64-bit block: Sweet32 (CVE-2016-2183), RFC 9325 section 4.1',
    },
  },
  { name: 'DES-CBC', weakness: { severity: 'high', because: '56-bit key, RFC 4772' } },
  { name: 'RC4-40', weakness: { severity: 'high', because: 'export-grade key, RFC 7465' } },
  { name: 'RC4-128', weakness: { severity: 'high', because: 'biased key stream, RFC 7465' } },
  {
    name: 'DES40-CBC',
    weakness: { severity: 'high', because: 'export-grade key, RFC 7525 section 4.1' },
  },
  {
    name: 'RC2-CBC',
    weakness: {
      severity: 'high',
      because: '64-bit block and export-grade keys, RFC 8551 section 2.7',
    },
  },
  { name: 'IDEA-CBC', weakness: { severity: 'medium', because: '64-bit block, RFC 5469' } },
  {
    name: 'SEED-CBC',
    weakness: { severity: 'low', because: 'no longer maintained in TLS libraries' },
  },
  { name: 'AES-256-CFB' },
  { name: 'AES-192-CFB' },
  { name: 'AES-128-CFB' },
  { name: 'CAMELLIA-256-CFB' },
  { name: 'CAMELLIA-192-CFB' },
  { name: 'CAMELLIA-128-CFB' },
  {
    name: '3DES-CFB',
    weakness: { severity: 'medium', because: '64-bit block, RFC 9580 section 9.3' },
  },
  {
    name: 'IDEA-CFB',
    weakness: { severity: 'medium', because: '64-bit block, RFC 9580 section 9.3' },
  },
  { name: 'GOST28147-TC26Z-CFB' },
  { name: 'GOST28147-CPA-CFB' },
  { name: 'GOST28147-CPB-CFB' },
  { name: 'GOST28147-CPC-CFB' },
  { name: 'GOST28147-CPD-CFB' },
  { name: 'GOST28147-TC26Z-CNT' },
  { name: 'MAGMA-CTR-ACPKM' },
  { name: 'KUZNYECHIK-CTR-ACPKM' },
  {
    name: 'NULL',
    weakness: { severity: 'high', because: 'no encryption at all, RFC 9325 section 4.1' },
  },
] as const satisfies readonly Algorithm[]

export type CipherName = (typeof CIPHERS)[number]['name']
