/** Key exchange groups: elliptic curves, finite fields and hybrid key encapsulation. */
import type { Algorithm } from './algorithm.ts'

/**
 * Order: hybrid ML-KEM groups first, since recorded traffic can be decrypted later; then
 * curves, finite fields, GOST, Brainpool; experimental code points last.
 */
export const GROUPS = [
  { name: 'MLKEM768-X25519' },
  { name: 'P256-MLKEM768' },
  { name: 'P384-MLKEM1024' },
  { name: 'MLKEM1024-X448' },
  { name: 'X25519' },
  { name: 'SECP256R1' },
  { name: 'SECP384R1' },
  { name: 'SECP521R1' },
  { name: 'X448' },
  {
    name: 'FFDHE-1536',
    weakness: {
      severity: 'medium',
      because: 'Diffie-Hellman below 2048 bits, RFC 9325 section 4.1',
    },
  },
  { name: 'FFDHE-2048' },
  { name: 'FFDHE-3072' },
  { name: 'FFDHE-4096' },
  { name: 'FFDHE-6144' },
  { name: 'FFDHE-8192' },
  {
    name: 'FFDHE-1024',
    weakness: { severity: 'high', because: '1024-bit Diffie-Hellman: Logjam (CVE-2015-4000)' },
  },
  { name: 'GOST-GC256A' },
  { name: 'GOST-GC256B' },
  { name: 'GOST-GC256C' },
  { name: 'GOST-GC256D' },
  { name: 'GOST-GC512A' },
  { name: 'GOST-GC512B' },
  { name: 'GOST-GC512C' },
  { name: 'BRAINPOOL-P256R1' },
  { name: 'BRAINPOOL-P384R1' },
  { name: 'BRAINPOOL-P512R1' },
  { name: 'MLKEM512', experimental: true },
  { name: 'X25519-MLKEM512', experimental: true },
  { name: 'MLKEM768', experimental: true },
  { name: 'X448-MLKEM768', experimental: true },
  { name: 'P256-MLKEM512', experimental: true },
  { name: 'MLKEM1024', experimental: true },
  { name: 'P384-MLKEM768', experimental: true },
  { name: 'P521-MLKEM1024', experimental: true },
] as const satisfies readonly Algorithm[]

export type GroupName = (typeof GROUPS)[number]['name']
