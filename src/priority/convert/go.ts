/** The constants of Go's crypto/tls. */
import type { Dialect, Spoken } from './dialect.ts'

const VERSIONS: Readonly<Record<string, string>> = {
  'TLS1.0': 'tls.VersionTLS10',
  'TLS1.1': 'tls.VersionTLS11',
  'TLS1.2': 'tls.VersionTLS12',
  'TLS1.3': 'tls.VersionTLS13',
}

const GROUPS: Readonly<Record<string, string>> = {
  secp256r1: 'tls.CurveP256',
  secp384r1: 'tls.CurveP384',
  secp521r1: 'tls.CurveP521',
  x25519: 'tls.X25519',
  X25519MLKEM768: 'tls.X25519MLKEM768',
}

/** Go has no constant for anything else, and it left out what it calls insecure here. */
const SUITE =
  /^TLS_(ECDHE_(ECDSA|RSA)|RSA)_WITH_(AES_(128|256)_(GCM_SHA(256|384)|CBC_SHA)|CHACHA20_POLY1305_SHA256)$/

export const GO: Dialect = {
  contiguous: true,
  fixedTls13: ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'],
  version: ({ name }) => VERSIONS[name],
  suite: ({ name, keyExchange }) =>
    GO.fixedTls13?.includes(name) || (keyExchange !== undefined && SUITE.test(name))
      ? `tls.${name}`
      : undefined,
  group: ({ name }) => GROUPS[name],
  scheme: ({ name }) => name,
  uncontrolled: ['signature schemes', 'the order of cipher suites'],
}

/** A literal of tls.Config. */
export function printGo({ versions, suites12, groups }: Spoken): string {
  return [
    '&tls.Config{',
    `\tMinVersion: ${versions.at(0) ?? 0},`,
    `\tMaxVersion: ${versions.at(-1) ?? 0},`,
    printSlice('CipherSuites', 'uint16', suites12),
    printSlice('CurvePreferences', 'tls.CurveID', groups),
    '}',
    '',
  ].join('\n')
}

function printSlice(field: string, type: string, words: readonly string[]): string {
  const lines = words.map((word) => `\t\t${word},`)
  return [`\t${field}: []${type}{`, ...lines, '\t},'].join('\n')
}
