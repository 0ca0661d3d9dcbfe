/** The names of the Java Secure Socket Extension, and the system properties that take them. */
import type { Dialect, Spoken } from './dialect.ts'

const VERSIONS: Readonly<Record<string, string>> = {
  'TLS1.0': 'TLSv1',
  'TLS1.1': 'TLSv1.1',
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

export const JAVA: Dialect = {
  version: ({ name }) => VERSIONS[name],
  suite: ({ name, cipher, keyExchange }) =>
    CIPHER.test(cipher) && (keyExchange === undefined || KEY_EXCHANGES.has(keyExchange))
      ? name
      : undefined,
  group: ({ name }) => (GROUPS.has(name) ? name : undefined),
  scheme: ({ name, key }) => (KEYS.has(key) ? name : undefined),
}

/** System properties for both sides of a connection. */
export function printJava({ versions, suites12, suites13, groups, schemes }: Spoken): string {
  const settings: readonly (readonly [string, readonly string[]])[] = [
    ['protocols', versions],
    ['cipherSuites', [...suites13, ...suites12]],
    ['SignatureSchemes', schemes],
  ]
  const lines = settings.flatMap(([name, words]) =>
    ['client', 'server'].map((side) => `jdk.tls.${side}.${name}=${words.join(',')}`),
  )
  return [...lines, `jdk.tls.namedGroups=${groups.join(',')}`, ''].join('\n')
}
