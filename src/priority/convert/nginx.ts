/** Directives of nginx (ngx_http_ssl_module). */
import type { OpensslRelease } from '../library-releases.ts'
import type { Dialect, Spoken } from './dialect.ts'
import { cipherString, groupList } from './openssl-lists.ts'
import { serverDialect } from './openssl-server.ts'

/** Versions are set one by one. */
export function nginxDialect(release: OpensslRelease): Dialect {
  const { contiguous: _, ...dialect } = serverDialect(release)
  return dialect
}

/** Directives for a server. */
export function printNginx(spoken: Spoken): string {
  const { versions, suites13, schemes } = spoken
  return [
    `ssl_protocols ${versions.join(' ')};`,
    `ssl_ciphers ${cipherString(spoken)};`,
    ...(suites13.length > 0 ? [`ssl_conf_command Ciphersuites ${suites13.join(':')};`] : []),
    `ssl_ecdh_curve ${groupList(spoken)};`,
    ...(schemes.length > 0 ? [`ssl_conf_command SignatureAlgorithms ${schemes.join(':')};`] : []),
    '',
  ].join('\n')
}
