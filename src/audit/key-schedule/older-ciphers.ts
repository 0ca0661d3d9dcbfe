/** Ciphers of suites before TLS 1.3, read off their names, as far as node:crypto has them. */
import { getCiphers } from 'node:crypto'
import { VERSION } from '../messages/iana-numbers.ts'
import { keyExchangeOf, suiteName } from '../messages/iana-suites.ts'
import { exchangeForm } from '../messages/server-key-exchange.ts'
import type { PrfName } from './older-prf.ts'

export type OlderCipher = {
  readonly kind: 'aead' | 'cbc'
  /** In node:crypto. */
  readonly name: string
  readonly keyLength: number
  /** What the keys of the connection give of a nonce, or of the first vector of CBC in TLS 1.0. */
  readonly ivLength: number
  /** What each record carries of its nonce or vector; CBC of TLS 1.0 carries nothing. */
  readonly explicitLength: number
  /** Of AEAD. */
  readonly tagLength: number
  /** Of CBC: the hash of the MAC, and the length of its key. */
  readonly mac: { readonly hash: string; readonly length: number } | undefined
  readonly prf: PrfName
}

const MACS = {
  SHA: { hash: 'sha1', length: 20 },
  SHA256: { hash: 'sha256', length: 32 },
  SHA384: { hash: 'sha384', length: 48 },
} as const

const AVAILABLE: ReadonlySet<string> = new Set(getCiphers())

/** Undefined where node:crypto cannot compute with the suite. */
export function olderCipherOf(suite: number, version: number): OlderCipher | undefined {
  const [, cipher = '', hash] = /_WITH_(.+?)(?:_(SHA|SHA256|SHA384))?$/.exec(suiteName(suite)) ?? []
  const prf = version < VERSION.TLS12 ? 'md5-sha1' : hash === 'SHA384' ? 'sha384' : 'sha256'
  const mac = hash === undefined ? undefined : MACS[hash as keyof typeof MACS]
  const shape = aeadOf(cipher) ?? (mac && cbcOf(cipher, mac, version))
  return shape && AVAILABLE.has(shape.name) ? { ...shape, prf } : undefined
}

type Shape = Omit<OlderCipher, 'prf'>

/** RFC 5288, RFC 6655, RFC 7905, RFC 6209. */
function aeadOf(cipher: string): Shape | undefined {
  const shape = { kind: 'aead', mac: undefined, tagLength: 16 } as const
  if (cipher === 'CHACHA20_POLY1305') {
    const lengths = { keyLength: 32, ivLength: 12, explicitLength: 0 }
    return { ...shape, ...lengths, name: 'chacha20-poly1305' }
  }
  const [, block, bits, mode, short] = /^(\w+?)_(128|256)_(GCM|CCM)(_8)?$/.exec(cipher) ?? []
  if (!block || !bits || !mode) return undefined
  return {
    ...shape,
    ...{ keyLength: Number(bits) / 8, ivLength: 4, explicitLength: 8 },
    tagLength: short ? 8 : 16,
    name: `${block}-${bits}-${mode}`.toLowerCase(),
  }
}

/** RFC 5246 section 6.2.3.2. */
function cbcOf(cipher: string, mac: Shape['mac'], version: number): Shape | undefined {
  const [, block, bits] = /^(AES|CAMELLIA|ARIA)_(128|256)_CBC$/.exec(cipher) ?? []
  const isTriple = cipher === '3DES_EDE_CBC'
  if (!isTriple && (!block || !bits)) return undefined
  const ivLength = isTriple ? 8 : 16
  const hasOwnVector = version >= VERSION.TLS11
  return {
    ...{ kind: 'cbc', tagLength: 0, mac },
    ...{ ivLength: hasOwnVector ? 0 : ivLength, explicitLength: hasOwnVector ? ivLength : 0 },
    keyLength: isTriple ? 24 : Number(bits) / 8,
    name: isTriple ? 'des-ede3-cbc' : `${block}-${bits}-cbc`.toLowerCase(),
  }
}

/** Whether a whole handshake can be done with a suite, without a shared key or a password. */
export function isComputableSuite(suite: number, version: number): boolean {
  const exchange = keyExchangeOf(suite)
  const form = exchangeForm(exchange)
  const isKnown = exchange === 'RSA' || (form !== undefined && !form.hasHint)
  return isKnown && olderCipherOf(suite, version) !== undefined
}
