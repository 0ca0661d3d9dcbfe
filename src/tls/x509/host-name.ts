/** Whether a certificate is one for a host, as GnuTLS compares names and addresses. */
import type { Certificate } from './certificate.ts'

export type HostNameOptions = {
  /** Whether `*` may stand for the first label of a name; true by default. */
  readonly wildcards: boolean
}

/** Compares by alternative names, and by the common name only where there are none. */
export function matchesHostName(
  _certificate: Certificate,
  _hostname: string,
  _options: HostNameOptions = { wildcards: true },
): boolean {
  throw new Error('not there yet')
}
