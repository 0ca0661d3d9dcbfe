/** Settings of PostgreSQL for the connections that its server takes (its manual, 20.3.3). */
import type { OpensslRelease } from '../library-releases.ts'
import type { Dialect, Spoken } from './dialect.ts'
import { cipherString } from './openssl-lists.ts'
import { serverWithFixedSchemes, withFixedTls13 } from './openssl-server.ts'

/** The names of OpenSSL's objects; other groups are none to releases before 18. */
const CURVES: Readonly<Record<string, string>> = {
  secp224r1: 'secp224r1',
  secp256r1: 'prime256v1',
  secp384r1: 'secp384r1',
  secp521r1: 'secp521r1',
}

/** An empty setting keeps the server from starting; a curve that no suite uses is not sent. */
const IDLE_CURVE = 'prime256v1'

/** Lists of groups, and suites of TLS 1.3, came with 18. */
export function postgresqlDialect(release: OpensslRelease): Dialect {
  return {
    ...withFixedTls13(serverWithFixedSchemes(release)),
    group: ({ name }) => CURVES[name],
    takesOneGroup: true,
  }
}

/** Lines for postgresql.conf. */
export function printPostgresql(spoken: Spoken): string {
  const { versions, groups } = spoken
  return [
    `ssl_min_protocol_version = '${versions.at(0)}'`,
    `ssl_max_protocol_version = '${versions.at(-1)}'`,
    `ssl_ciphers = '${cipherString(spoken)}'`,
    `ssl_ecdh_curve = '${groups.at(0) ?? IDLE_CURVE}'`,
    '',
  ].join('\n')
}
