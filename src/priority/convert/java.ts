/** The names of the Java Secure Socket Extension, and the system properties that take them. */

import { isSince, type JdkRelease } from '../library-releases.ts'
import { findUnenforced } from './demands.ts'
import type { Dialect, Spoken } from './dialect.ts'

/** TLS 1.0 and 1.1 stand in `jdk.tls.disabledAlgorithms`, which no system property overrules. */
const VERSIONS: Readonly<Record<string, string>> = {
  'TLS1.2': 'TLSv1.2',
  'TLS1.3': 'TLSv1.3',
}

const KEY_EXCHANGES: ReadonlySet<string> = new Set([
  ...['ECDHE-ECDSA', 'ECDHE-RSA', 'DHE-RSA', 'DHE-DSS', 'RSA'],
])

const CIPHER = /^(AES-(128|256)-(GCM|CBC)|CHACHA20-POLY1305)$/

const GROUPS: ReadonlySet<string> = new Set([
  ...['secp256r1', 'secp384r1', 'secp521r1', 'x25519', 'x448'],
  ...['ffdhe2048', 'ffdhe3072', 'ffdhe4096', 'ffdhe6144', 'ffdhe8192'],
])

const KEYS: ReadonlySet<string> = new Set(['rsa', 'rsa-pss', 'dsa', 'ecdsa', 'ed25519', 'ed448'])

/** `jdk.tls.disabledAlgorithms` and `jdk.certpath.disabledAlgorithms` as they are installed. */
const KEY_SIZES = { rsa: 1024, dsa: 1024, ec: 224, dh: 1024 }

/**
 * An updated 21 has the suites that encrypt with an RSA key, and signatures with SHA-1, among its
 * disabled algorithms. 25 brought hybrid groups.
 */
export function javaDialect(release: JdkRelease): Dialect {
  const isModern = isSince(release, '21')
  const hasHybrids = isSince(release, '25')
  return {
    version: ({ name }) => VERSIONS[name],
    suite: ({ name, cipher, keyExchange }) =>
      CIPHER.test(cipher) &&
      (keyExchange === undefined ||
        (KEY_EXCHANGES.has(keyExchange) && !(isModern && keyExchange === 'RSA')))
        ? name
        : undefined,
    group: ({ name, kind }) =>
      GROUPS.has(name) || (hasHybrids && kind === 'hybrid') ? name : undefined,
    scheme: ({ name, key }) =>
      KEYS.has(key) && !(isModern && name.endsWith('_sha1')) ? name : undefined,
    namesOldScheme: () => !isModern,
    namesOldGroup: () => true,
    unenforced: (demands) =>
      findUnenforced(demands, { keySizes: KEY_SIZES, extendedMasterSecret: true }),
  }
}

/** System properties for both sides of a connection. */
export function printJava({
  versions,
  suites12,
  suites13,
  groups,
  schemes,
  options,
}: Spoken): string {
  const settings: readonly (readonly [string, readonly string[]])[] = [
    ['protocols', versions],
    ['cipherSuites', [...suites13, ...suites12]],
    ['SignatureSchemes', schemes],
  ]
  const lines = settings.flatMap(([name, words]) =>
    ['client', 'server'].map((side) => `jdk.tls.${side}.${name}=${words.join(',')}`),
  )
  return [
    ...lines,
    `jdk.tls.namedGroups=${groups.join(',') || IDLE_GROUP}`,
    ...(options.requireExtendedMasterSecret ? ['jdk.tls.allowLegacyMasterSecret=false'] : []),
    '',
  ].join('\n')
}

/** An empty property would mean Java's own groups; one that no suite uses is not sent. */
const IDLE_GROUP = 'secp256r1'
