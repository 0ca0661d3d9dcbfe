/** Global settings of HAProxy for the connections that it takes (its configuration manual, 3.1). */
import type { OpensslRelease } from '../library-releases.ts'
import type { Dialect, Spoken } from './dialect.ts'
import { cipherString, groupList } from './openssl-lists.ts'
import { serverWithFixedSchemes } from './openssl-server.ts'

/** Only HAProxy 2.8 and newer can be told signature schemes. */
export function haproxyDialect(release: OpensslRelease): Dialect {
  return serverWithFixedSchemes(release)
}

/** A file that stands beside the others: HAProxy takes the `global` sections of all together. */
export function printHaproxy(spoken: Spoken): string {
  const { versions, suites13, schemes } = spoken
  const range = `ssl-min-ver ${versions.at(0)} ssl-max-ver ${versions.at(-1)}`
  return [
    'global',
    `    ssl-default-bind-options ${range.replaceAll(/TLSv1(?= |$)/g, 'TLSv1.0')}`,
    `    ssl-default-bind-ciphers ${cipherString(spoken)}`,
    ...(suites13.length > 0 ? [`    ssl-default-bind-ciphersuites ${suites13.join(':')}`] : []),
    `    ssl-default-bind-curves ${groupList(spoken)}`,
    ...(schemes.length > 0
      ? sinceRelease('2.8', `ssl-default-bind-sigalgs ${schemes.join(':')}`)
      : []),
    '',
  ].join('\n')
}

/** Older releases would refuse a setting that they do not know. */
function sinceRelease(release: string, setting: string): readonly string[] {
  return [`.if version_atleast(${release})`, `    ${setting}`, '.endif']
}
