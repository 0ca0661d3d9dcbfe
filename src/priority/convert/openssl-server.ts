/** What servers have in common that leave TLS to OpenSSL and show a certificate. */
import type { AllowedTls } from '../../algorithms/allowed-tls.ts'
import { exchangeKind, isTls13Suite } from '../../algorithms/handshake-needs.ts'
import { bitsOfScheme } from '../../algorithms/openssl-security-bits.ts'
import { bitsOfLevel } from '../cipher-list/cipher-list.ts'
import type { OpensslRelease } from '../library-releases.ts'
import type { Dialect } from './dialect.ts'
import { opensslDialect } from './openssl-dialect.ts'
import { requiredLevel } from './openssl-level.ts'
import { DEFAULT_SUITES13, offeredSchemes } from './openssl-settings.ts'

/**
 * They have no shared keys, and no Diffie-Hellman over finite fields before TLS 1.3: its prime
 * comes from a file, or is built in, and could be any.
 */
export function serverDialect(release: OpensslRelease): Dialect {
  const { suite: nameOf, ...dialect } = opensslDialect(release)
  const isServed: Dialect['suite'] = (suite) =>
    exchangeKind(suite) === 'finite-field' || /^SRP|PSK/.test(suite.keyExchange ?? '')
      ? undefined
      : nameOf(suite)
  return { ...dialect, suite: isServed }
}

/** The same where no setting speaks of signature schemes: those of OpenSSL are always offered. */
export function serverWithFixedSchemes(release: OpensslRelease): Dialect {
  const dialect = serverDialect(release)
  const every = new Set(defaultSchemes(release, 0))
  return {
    ...dialect,
    scheme: ({ name }) => (every.has(name) ? name : undefined),
    fixedSchemes: (allowed) => fixedSchemesOf(allowed, release),
  }
}

/** The same where no setting speaks of the suites of TLS 1.3: those of OpenSSL are always offered with it. */
export function withFixedTls13(dialect: Dialect): Dialect {
  const isServed: Dialect['suite'] = (suite) =>
    isTls13Suite(suite) && !DEFAULT_SUITES13.includes(suite.name) ? undefined : dialect.suite(suite)
  return { ...dialect, suite: isServed, fixedTls13: DEFAULT_SUITES13 }
}

/** Offered besides those that have names in the registry (RFC 5246 section 7.4.1.4.1). */
const UNREGISTERED = [
  ...['ecdsa_sha224', 'rsa_pkcs1_sha224', 'dsa_sha224'],
  ...['dsa_sha256', 'dsa_sha384', 'dsa_sha512'],
]

function fixedSchemesOf(allowed: AllowedTls, release: OpensslRelease): readonly string[] {
  const { versions } = allowed
  const offered = defaultSchemes(release, requiredLevel(allowed).level)
  if (versions.some(({ name }) => name === 'TLS1.2')) return offered
  // OpenSSL names nothing that TLS 1.3 forbids where no older version is allowed.
  const isNew = (name: string): boolean => !/^dsa|_sha1$|_sha224$/.test(name)
  return versions.some(({ name }) => name === 'TLS1.3') ? offered.filter(isNew) : []
}

function defaultSchemes(release: OpensslRelease, level: number): readonly string[] {
  const registered = offeredSchemes({}, level, undefined, release).map(({ name }) => name)
  const others = UNREGISTERED.filter(
    (name) => level === 0 || bitsOfScheme(name) >= bitsOfLevel(level),
  )
  return [...registered, ...others]
}
