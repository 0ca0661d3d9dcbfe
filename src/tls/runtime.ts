/** What the running OpenSSL has: each answer is tried out once, since builds and releases differ. */
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import type { TlsGroup } from '../algorithms/tls-groups.ts'
import type { TlsSignatureScheme } from '../algorithms/tls-signatures.ts'
import { opensslSuiteName } from '../algorithms/tls-suite-openssl.ts'
import type { TlsSuite } from '../algorithms/tls-suites.ts'
import type { TlsVersion } from '../algorithms/tls-versions.ts'

/** Versions by the names of node:tls, which has no DTLS. */
const VERSIONS: Readonly<Record<string, SecureContextOptions['minVersion']>> = {
  'TLS1.0': 'TLSv1',
  'TLS1.1': 'TLSv1.1',
  'TLS1.2': 'TLSv1.2',
  'TLS1.3': 'TLSv1.3',
}

const answers = new Map<string, boolean>()

/** The library by name, for messages. */
export function runtimeName(): string {
  return `OpenSSL ${process.versions.openssl}`
}

/** What node:tls calls a version, or undefined where it has no such version. */
export function nodeVersionName(version: TlsVersion): SecureContextOptions['minVersion'] {
  return VERSIONS[version.name]
}

export function hasSuite(suite: TlsSuite): boolean {
  const ciphers = opensslSuiteName(suite)
  return ciphers !== undefined && accepts({ ciphers })
}

export function hasGroup(group: TlsGroup): boolean {
  return accepts({ ecdhCurve: group.name })
}

export function hasSignatureScheme(scheme: TlsSignatureScheme): boolean {
  return accepts({ sigalgs: scheme.name })
}

function accepts(options: SecureContextOptions): boolean {
  const key = JSON.stringify(options)
  const known = answers.get(key)
  if (known !== undefined) return known
  const answer = tryContext(options)
  answers.set(key, answer)
  return answer
}

function tryContext(options: SecureContextOptions): boolean {
  try {
    createSecureContext(options)
    return true
  } catch {
    return false
  }
}
