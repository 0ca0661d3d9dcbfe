/** Recognizes OpenSSL's cipher lists where a priority string is expected, and says what to write. */
import { findTlsSuiteByOpensslName } from '../algorithms/tls-suite-openssl.ts'
import { findTlsSuiteByName } from '../algorithms/tls-suites.ts'

/** What OpenSSL's words select, in the words of a priority string. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  ALL: ['NORMAL'],
  DEFAULT: ['NORMAL'],
  HIGH: ['SECURE128'],
  MEDIUM: ['NORMAL'],
  ECDHE: ['ECDHE-ECDSA', 'ECDHE-RSA'],
  EECDH: ['ECDHE-ECDSA', 'ECDHE-RSA'],
  KECDHE: ['ECDHE-ECDSA', 'ECDHE-RSA'],
  KEECDH: ['ECDHE-ECDSA', 'ECDHE-RSA'],
  DHE: ['DHE-RSA'],
  EDH: ['DHE-RSA'],
  KDHE: ['DHE-RSA'],
  KEDH: ['DHE-RSA'],
  KRSA: ['RSA'],
  ADH: ['ANON-DH'],
  AECDH: ['ANON-ECDH'],
  ANULL: ['ANON-DH', 'ANON-ECDH'],
  ENULL: ['NULL'],
  ARSA: ['ECDHE-RSA', 'DHE-RSA', 'RSA'],
  AECDSA: ['ECDHE-ECDSA'],
  AESGCM: ['AES-256-GCM', 'AES-128-GCM', 'AEAD'],
  AESCCM: ['AES-256-CCM', 'AES-128-CCM', 'AEAD'],
  AES: ['AES-256-GCM', 'AES-128-GCM', 'AEAD', 'AES-256-CBC', 'AES-128-CBC', 'SHA1'],
  AES128: ['AES-128-GCM', 'AEAD', 'AES-128-CBC', 'SHA1'],
  AES256: ['AES-256-GCM', 'AEAD', 'AES-256-CBC', 'SHA1'],
  CHACHA20: ['CHACHA20-POLY1305', 'AEAD'],
  CAMELLIA: ['CAMELLIA-256-GCM', 'CAMELLIA-128-GCM', 'AEAD'],
  '3DES': ['3DES-CBC'],
  DES: ['DES-CBC'],
  RC4: ['ARCFOUR-128'],
  SHA: ['SHA1'],
  KPSK: ['PSK', 'DHE-PSK', 'ECDHE-PSK', 'RSA-PSK'],
  EXPORT: [],
  EXP: [],
  LOW: [],
  SSLV3: [],
  'TLSV1.2': ['VERS-TLS1.2'],
}

const LEVELS: ReadonlySet<string> = new Set(['NORMAL', 'SECURE128'])

/** Names of suites of any kind: OpenSSL writes the key size without a hyphen. */
const SUITE = /^(TLS_\w+|[A-Z0-9-]*(AES|CAMELLIA|ARIA)(128|256)-[A-Z0-9-]+|[A-Z0-9-]+-RC4-\w+)$/

const SETTING = /^@(STRENGTH|SECLEVEL=\d+)$/i

/** What to write instead of an OpenSSL word, or undefined where the text is not one. */
export type OpensslWord = {
  /** Tokens of a priority string; empty where there is nothing to write. */
  readonly instead: string
}

/** Reads a token as an element of an OpenSSL cipher list. */
export function readOpensslWord(token: string): OpensslWord | undefined {
  const name = token.replace(/^[!+-]/, '')
  const sign = /^[!-]/.test(token) ? '-' : '+'
  if (SETTING.test(name)) return { instead: '%PROFILE_MEDIUM' }
  if (SUITE.test(name)) return { instead: partsOfSuite(name, sign) }
  const parts = name.toUpperCase().split('+')
  const meanings = parts.map((part) => WORDS[part])
  const isOpenssl = meanings.every((meaning) => meaning !== undefined)
  const combined = parts.length > 1 && meanings.some((meaning) => meaning !== undefined)
  if (!isOpenssl && !combined) return undefined
  return {
    instead: write(
      meanings.flatMap((meaning) => meaning ?? []),
      sign,
    ),
  }
}

function partsOfSuite(name: string, sign: string): string {
  const suite = findTlsSuiteByName(name) ?? findTlsSuiteByOpensslName(name)
  if (!suite) return ''
  const { keyExchange, cipher, mac } = suite
  return write([...(keyExchange ? [keyExchange] : []), cipher, mac], sign)
}

/** A level is named without a sign, and cannot be taken away. */
function write(words: readonly string[], sign: string): string {
  const tokens = words.flatMap((word) => {
    if (!LEVELS.has(word)) return sign + word
    return sign === '+' ? word : []
  })
  return [...new Set(tokens)].join(':')
}
