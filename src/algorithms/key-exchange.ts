/** Key exchange methods of TLS, SSH and GOST, in the order in which a wildcard lists them. */
import type { Algorithm } from './algorithm.ts'

export const KEY_EXCHANGES = [
  { name: 'PSK' },
  { name: 'DHE-PSK' },
  { name: 'ECDHE-PSK' },
  { name: 'RSA-PSK' },
  { name: 'ECDHE' },
  { name: 'RSA' },
  { name: 'DHE' },
  { name: 'DHE-RSA' },
  { name: 'DHE-DSS', weakness: { severity: 'medium', because: 'DSA keys, RFC 9325 section 4.1' } },
  {
    name: 'EXPORT',
    weakness: {
      severity: 'high',
      because: 'export-grade keys: FREAK and Logjam (CVE-2015-0204, CVE-2015-4000)',
    },
  },
  {
    name: 'ANON',
    weakness: { severity: 'high', because: 'no authentication, RFC 9325 section 4.1' },
  },
  { name: 'DH' },
  { name: 'ECDH' },
  { name: 'VKO-GOST-2001' },
  { name: 'VKO-GOST-2012' },
  { name: 'VKO-GOST-KDF' },
  { name: 'DHE-GSS' },
  { name: 'ECDHE-GSS' },
  { name: 'KEM-ECDH' },
  { name: 'SNTRUP' },
] as const satisfies readonly Algorithm[]

export type KeyExchangeName = (typeof KEY_EXCHANGES)[number]['name']
