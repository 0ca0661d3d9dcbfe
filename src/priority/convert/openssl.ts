/** Writes what is allowed as settings of programs that use OpenSSL. */
import { exchangeKind } from '../../algorithms/handshake-needs.ts'
import type { OpensslRelease } from '../library-releases.ts'
import type { Dialect, Spoken } from './dialect.ts'
import { opensslDialect } from './openssl-dialect.ts'
import { requiredLevel } from './openssl-level.ts'

/**
 * OpenSSL refuses a cipher list without a suite of TLS 1.2, and keeps its own. Where only TLS 1.3
 * is allowed, this one stands there: the versions rule it out, and without a shared key nothing
 * comes of it under other versions either.
 */
const IDLE_SUITE = 'PSK-AES256-GCM-SHA384'

/** An empty list of groups would be OpenSSL's own; one that no suite uses is not sent. */
const IDLE_GROUP = 'P-256'

/** Commands for a section of openssl.cnf that `ssl_conf` names. */
export function printOpenssl(spoken: Spoken): string {
  const { versions, suites13, schemes } = spoken
  return [
    `MinProtocol = ${versions.at(0)}`,
    `MaxProtocol = ${versions.at(-1)}`,
    `CipherString = ${cipherString(spoken)}`,
    `Ciphersuites = ${suites13.join(':')}`,
    `Groups = ${groupList(spoken)}`,
    ...(schemes.length > 0 ? [`SignatureAlgorithms = ${schemes.join(':')}`] : []),
    '',
  ].join('\n')
}

/** Options for Node's `tls.createSecureContext`, as JSON. */
export function printNode(spoken: Spoken): string {
  const { versions, suites13, schemes } = spoken
  const options = {
    minVersion: versions.at(0),
    maxVersion: versions.at(-1),
    ciphers: [...suites13, cipherString(spoken)].join(':'),
    ecdhCurve: groupList(spoken),
    ...(schemes.length > 0 ? { sigalgs: schemes.join(':') } : {}),
  }
  return `${JSON.stringify(options, undefined, 2)}\n`
}

/**
 * nginx sets versions one by one, has no shared keys, and no Diffie-Hellman without parameters
 * from a file, which could be any.
 */
export function nginxDialect(release: OpensslRelease): Dialect {
  const { contiguous: _, suite: nameOf, ...dialect } = opensslDialect(release)
  const isServed: Dialect['suite'] = (suite) =>
    exchangeKind(suite) === 'finite-field' || /^SRP|PSK/.test(suite.keyExchange ?? '')
      ? undefined
      : nameOf(suite)
  return { ...dialect, suite: isServed }
}

/** Directives for an nginx server. */
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

/** Always with the level, which is what a verification profile becomes. */
function cipherString({ suites12, allowed }: Spoken): string {
  const { level } = requiredLevel(allowed.minimumKeySizes)
  return [...(suites12.length > 0 ? suites12 : [IDLE_SUITE]), `@SECLEVEL=${level}`].join(':')
}

function groupList({ groups }: Spoken): string {
  return groups.join(':') || IDLE_GROUP
}
