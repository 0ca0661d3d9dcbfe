/** OpenSSL's words, and its configuration commands (SSL_CONF_cmd(3)). */
import { opensslSuiteName } from '../../algorithms/tls-suite-openssl.ts'
import type { Dialect, Spoken } from './dialect.ts'

const VERSIONS: Readonly<Record<string, string>> = {
  'TLS1.0': 'TLSv1',
  'TLS1.1': 'TLSv1.1',
  'TLS1.2': 'TLSv1.2',
  'TLS1.3': 'TLSv1.3',
}

/** OpenSSL goes by the names of NIST; it has no curves of GOST for TLS. */
const GROUPS: Readonly<Record<string, string>> = {
  secp192r1: 'P-192',
  secp224r1: 'P-224',
  secp256r1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
  x25519: 'X25519',
  x448: 'X448',
}

export const OPENSSL: Dialect = {
  contiguous: true,
  version: ({ name }) => VERSIONS[name],
  suite: opensslSuiteName,
  group: ({ name, kind }) => (kind === 'gost-curve' ? undefined : (GROUPS[name] ?? name)),
  scheme: ({ name, key }) => (key === 'gost' ? undefined : name),
}

/** Commands for a section of openssl.cnf that `ssl_conf` names. */
export function printOpenssl(spoken: Spoken): string {
  const { versions, suites12, suites13, groups, schemes } = spoken
  return [
    `MinProtocol = ${versions.at(0) ?? 'None'}`,
    `MaxProtocol = ${versions.at(-1) ?? 'None'}`,
    `CipherString = ${suites12.join(':')}`,
    `Ciphersuites = ${suites13.join(':')}`,
    `Groups = ${groups.join(':')}`,
    `SignatureAlgorithms = ${schemes.join(':')}`,
    '',
  ].join('\n')
}

/** Options for Node's `tls.createSecureContext`, as JSON. */
export function printNode(spoken: Spoken): string {
  const { versions, suites12, suites13, groups, schemes } = spoken
  const options = {
    minVersion: versions.at(0),
    maxVersion: versions.at(-1),
    ciphers: [...suites13, ...suites12].join(':'),
    ecdhCurve: groups.join(':'),
    sigalgs: schemes.join(':'),
  }
  return `${JSON.stringify(options, undefined, 2)}\n`
}

/** Directives for an nginx server; it sets versions one by one. */
export function printNginx(spoken: Spoken): string {
  const { versions, suites12, suites13, groups, schemes } = spoken
  return [
    `ssl_protocols ${versions.join(' ')};`,
    `ssl_ciphers ${suites12.join(':')};`,
    `ssl_conf_command Ciphersuites ${suites13.join(':')};`,
    `ssl_ecdh_curve ${groups.join(':')};`,
    `ssl_conf_command SignatureAlgorithms ${schemes.join(':')};`,
    '',
  ].join('\n')
}
