/** What OpenSSL calls cipher suites, read off their parts. */
import { TLS_SUITES, type TlsSuite } from './tls-suites.ts'

/** How OpenSSL begins the name of a suite, where it does not write the key exchange out. */
const PREFIXES: Readonly<Record<string, string>> = {
  RSA: '',
  'ANON-DH': 'ADH-',
  'ANON-ECDH': 'AECDH-',
}

const byName = new Map<string, TlsSuite>()
for (const suite of TLS_SUITES) {
  const name = opensslSuiteName(suite)
  if (name !== undefined) byName.set(name, suite)
}

/** The suite that OpenSSL calls so; its names are in capitals. */
export function findTlsSuiteByOpensslName(name: string): TlsSuite | undefined {
  return byName.get(name)
}

/** OpenSSL's name of a suite, or undefined where it has no such suite. */
export function opensslSuiteName(suite: TlsSuite): string | undefined {
  const { keyExchange, cipher, name } = suite
  if (keyExchange === undefined) return name
  if (cipher.startsWith('GOST') || /^CAMELLIA.*GCM$/.test(cipher)) return undefined
  return (PREFIXES[keyExchange] ?? `${keyExchange}-`) + opensslCipher(suite, keyExchange)
}

function opensslCipher({ cipher, mac, prf }: TlsSuite, keyExchange: string): string {
  const hash = mac === 'SHA1' ? 'SHA' : mac
  const short = cipher.replace(/^(AES|CAMELLIA)-/, '$1').replace('CCM-8', 'CCM8')
  if (mac === 'AEAD') return short.endsWith('GCM') ? `${short}-${prf}` : short
  if (cipher === 'ARCFOUR-128') return `RC4-${hash}`
  if (cipher === 'NULL') return `NULL-${hash}`
  if (keyExchange.startsWith('SRP')) return `${cipher.replace('3DES', '3DES-EDE')}-${hash}`
  const shared = keyExchange.endsWith('PSK')
  if (cipher === '3DES-CBC') return shared ? `3DES-EDE-CBC-${hash}` : `DES-CBC3-${hash}`
  const keepsMode = shared && cipher.startsWith('AES')
  return `${keepsMode ? short : short.replace(/-CBC$/, '')}-${hash}`
}
