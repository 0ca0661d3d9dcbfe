/** Protocol versions of TLS, DTLS and IKE, each family from newest to oldest. */
import type { Algorithm } from './algorithm.ts'

export type ProtocolFamily = 'tls' | 'dtls' | 'ike'

type Protocol = Algorithm & { readonly family: ProtocolFamily }

/**
 * The order within a family matters: the lowest and the highest enabled version are read off it.
 */
export const PROTOCOLS = [
  { name: 'TLS1.3', family: 'tls' },
  { name: 'TLS1.2', family: 'tls' },
  {
    name: 'TLS1.1',
    family: 'tls',
    weakness: { severity: 'medium', because: 'deprecated by RFC 8996' },
  },
  {
    name: 'TLS1.0',
    family: 'tls',
    weakness: { severity: 'medium', because: 'deprecated by RFC 8996' },
  },
  {
    name: 'SSL3.0',
    family: 'tls',
    weakness: { severity: 'high', because: 'POODLE (CVE-2014-3566), RFC 7568' },
  },
  {
    name: 'SSL2.0',
    family: 'tls',
    weakness: { severity: 'high', because: 'prohibited by RFC 6176' },
  },
  { name: 'DTLS1.2', family: 'dtls' },
  {
    name: 'DTLS1.0',
    family: 'dtls',
    weakness: { severity: 'medium', because: 'deprecated by RFC 8996' },
  },
  {
    name: 'DTLS0.9',
    family: 'dtls',
    weakness: { severity: 'high', because: 'a pre-standard draft of DTLS 1.0' },
  },
  { name: 'IKEv2', family: 'ike' },
  {
    name: 'IKEv1',
    family: 'ike',
    weakness: { severity: 'medium', because: 'deprecated by RFC 9395' },
  },
] as const satisfies readonly Protocol[]

export type ProtocolName = (typeof PROTOCOLS)[number]['name']

/** The enabled versions of one family, newest first. */
export function versionsOf(
  family: ProtocolFamily,
  enabled: readonly ProtocolName[],
): readonly ProtocolName[] {
  return PROTOCOLS.filter((p) => p.family === family && enabled.includes(p.name)).map((p) => p.name)
}
