/** Directives of the Apache HTTP Server (mod_ssl). */
import type { OpensslRelease } from '../library-releases.ts'
import type { Dialect, Spoken } from './dialect.ts'
import { cipherString, groupList } from './openssl-lists.ts'
import { serverDialect } from './openssl-server.ts'

/** Anonymous suites and those without encryption are never served: mod_ssl ends each list by that. */
export function apacheDialect(release: OpensslRelease): Dialect {
  const { suite: nameOf, ...dialect } = serverDialect(release)
  const isServed: Dialect['suite'] = (suite) =>
    suite.cipher === 'NULL' || suite.keyExchange?.startsWith('ANON') ? undefined : nameOf(suite)
  return { ...dialect, suite: isServed }
}

/** Directives for the server or a virtual host. */
export function printApache(spoken: Spoken): string {
  const { versions, suites13, schemes } = spoken
  return [
    `SSLProtocol -all ${versions.map((version) => `+${version}`).join(' ')}`,
    `SSLCipherSuite ${cipherString(spoken)}`,
    ...(suites13.length > 0 ? [`SSLCipherSuite TLSv1.3 ${suites13.join(':')}`] : []),
    `SSLOpenSSLConfCmd Groups ${groupList(spoken)}`,
    ...(schemes.length > 0 ? [`SSLOpenSSLConfCmd SignatureAlgorithms ${schemes.join(':')}`] : []),
    '',
  ].join('\n')
}
