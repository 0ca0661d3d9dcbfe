/** Settings of Dovecot for the connections that its servers take (its documentation, "SSL configuration"). */
import type { OpensslRelease } from '../library-releases.ts'
import type { Dialect, Spoken } from './dialect.ts'
import { cipherString, groupList } from './openssl-lists.ts'
import { serverWithFixedSchemes } from './openssl-server.ts'

/** No setting limits the newest version. */
export function dovecotDialect(release: OpensslRelease): Dialect {
  return { ...serverWithFixedSchemes(release), alwaysOffers: 'TLS1.3' }
}

/** Lines for dovecot.conf. */
export function printDovecot(spoken: Spoken): string {
  const { versions, suites13 } = spoken
  return [
    `ssl_min_protocol = ${versions.at(0)}`,
    `ssl_cipher_list = ${cipherString(spoken)}`,
    `ssl_cipher_suites = ${suites13.join(':')}`,
    `ssl_curve_list = ${groupList(spoken)}`,
    '',
  ].join('\n')
}
