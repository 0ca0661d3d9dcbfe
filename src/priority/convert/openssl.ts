/** Writes what is allowed as settings of programs that use OpenSSL. */
import type { Spoken } from './dialect.ts'
import { cipherString, groupList } from './openssl-lists.ts'

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
