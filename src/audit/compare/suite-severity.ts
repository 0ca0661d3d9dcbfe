/** How bad it is that a suite is accepted where it is not allowed. */
import type { FindingSeverity } from './finding.ts'

/** By name, since a server may accept suites that no table of ours has. */
export function suiteSeverity(name: string): FindingSeverity {
  if (/_NULL_|_anon_|EXPORT/.test(name)) return 'critical'
  if (/RC4|_DES_|RC2|_MD5$|3DES/.test(name)) return 'high'
  return 'medium'
}

/** Has forward secrecy and encrypts and authenticates in one. */
export function isModern(name: string): boolean {
  const isAead = /GCM|CCM|POLY1305/.test(name)
  return isAead && (name.includes('DHE') || !name.includes('_WITH_'))
}
