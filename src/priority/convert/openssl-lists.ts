/** The lists that every program of OpenSSL takes: cipher suites before TLS 1.3, and groups. */
import type { Spoken } from './dialect.ts'
import { requiredLevel } from './openssl-level.ts'

/**
 * OpenSSL refuses a cipher list without a suite of TLS 1.2, and keeps its own. Where only TLS 1.3
 * is allowed, this one stands there: the versions rule it out, and without a shared key nothing
 * comes of it under other versions either.
 */
const IDLE_SUITE = 'PSK-AES256-GCM-SHA384'

/** An empty list of groups would be OpenSSL's own; one that no suite uses is not sent. */
const IDLE_GROUP = 'P-256'

/** Always with the level, which is what a verification profile becomes. */
export function cipherString({ suites12, allowed }: Spoken): string {
  const { level } = requiredLevel(allowed)
  return [...(suites12.length > 0 ? suites12 : [IDLE_SUITE]), `@SECLEVEL=${level}`].join(':')
}

export function groupList({ groups }: Spoken): string {
  return groups.join(':') || IDLE_GROUP
}
