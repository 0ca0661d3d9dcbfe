/** Kinds of keys that certificates are made for, as `--key` says them, and how each is made. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { fail } from '../diagnostics/diagnostic.ts'
import { PKI_KINDS } from './pki-diagnostics.ts'

/** What `--key` takes; `rsa` and `ecdsa` may be followed by a size. */
export const KEY_TYPES = [
  ...(['rsa', 'ecdsa', 'ed25519', 'ed448'] as const),
  ...(['ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87'] as const),
] as const

export type KeyType = (typeof KEY_TYPES)[number]

/** Curves by the names that TLS has for them; the first of the others is the one of OpenSSL. */
const CURVES = {
  secp256r1: ['prime256v1', 'p-256', 'p256', '256'],
  secp384r1: ['secp384r1', 'p-384', 'p384', '384'],
  secp521r1: ['secp521r1', 'p-521', 'p521', '521'],
} as const satisfies Readonly<Record<string, readonly string[]>>

export type CurveName = keyof typeof CURVES

/** From small to large. */
export const CURVE_NAMES = Object.keys(CURVES) as readonly CurveName[]

export type KeyKind =
  | { readonly type: 'rsa'; readonly bits: number }
  | { readonly type: 'ecdsa'; readonly curve: CurveName }
  | { readonly type: Exclude<KeyType, 'rsa' | 'ecdsa'> }

/** What was asked for: where no size is named, the policy chooses it. */
export type KeyRequest = {
  readonly type: KeyType
  readonly bits?: number
  readonly curve?: CurveName
}

/** Node takes longer ones, and minutes to make them; no peer reads a signature of theirs in time. */
export const MAX_RSA_BITS = 16384
export const MIN_RSA_BITS = 1024

/**
 * Reads the value of `--key`: `rsa`, `rsa:4096`, `ecdsa:secp384r1`, `ed25519`.
 *
 * @throws DiagnosticError PKI_UNKNOWN_KEY.
 */
export function parseKeyRequest(text: string): KeyRequest {
  const [name = '', size, ...rest] = text.toLowerCase().split(':')
  const type = KEY_TYPES.find((known) => known === name)
  if (!type || rest.length > 0) return fail(PKI_KINDS.unknownKey, { text, known: KEY_TYPES })
  if (size === undefined) return { type }
  if (type === 'rsa') return { type, bits: parseBits(text, size) }
  const curve = type === 'ecdsa' ? findCurve(size) : undefined
  if (!curve) return fail(PKI_KINDS.unknownKeySize, { text, known: sizesOf(type) })
  return { type, curve }
}

function parseBits(text: string, size: string): number {
  const bits = /^\d{1,5}$/.test(size) ? Number(size) : 0
  if (bits >= MIN_RSA_BITS && bits <= MAX_RSA_BITS && bits % 8 === 0) return bits
  return fail(PKI_KINDS.unknownKeySize, { text, known: sizesOf('rsa') })
}

function sizesOf(type: KeyType): string | undefined {
  if (type === 'rsa') return `a multiple of 8 from ${MIN_RSA_BITS} to ${MAX_RSA_BITS}`
  return type === 'ecdsa' ? CURVE_NAMES.join(', ') : undefined
}

function findCurve(name: string): CurveName | undefined {
  return CURVE_NAMES.find(
    (curve) => curve === name || (CURVES[curve] as readonly string[]).includes(name),
  )
}

/** The kind of a key that is there, or undefined where it is none of ours. */
export function keyKindOf(key: KeyObject): KeyKind | undefined {
  const { asymmetricKeyType = '', asymmetricKeyDetails = {} } = key
  const { modulusLength = 0, namedCurve = '' } = asymmetricKeyDetails
  if (asymmetricKeyType === 'rsa') return { type: 'rsa', bits: modulusLength }
  if (asymmetricKeyType === 'ec') {
    const curve = findCurve(namedCurve)
    return curve && { type: 'ecdsa', curve }
  }
  const type = KEY_TYPES.find((known) => known === asymmetricKeyType)
  return type === undefined || type === 'rsa' || type === 'ecdsa' ? undefined : { type }
}

/** As messages and `--key` say it: `rsa:3072`. */
export function formatKeyKind(kind: KeyKind): string {
  if (kind.type === 'rsa') return `rsa:${kind.bits}`
  return kind.type === 'ecdsa' ? `ecdsa:${kind.curve}` : kind.type
}

/** What node:crypto says of a key of the kind, which is what its strength is measured by. */
export function describeForRuntime(kind: KeyKind): {
  readonly asymmetricKeyType: string
  readonly asymmetricKeyDetails: { readonly modulusLength?: number; readonly namedCurve?: string }
} {
  if (kind.type === 'rsa') {
    return { asymmetricKeyType: 'rsa', asymmetricKeyDetails: { modulusLength: kind.bits } }
  }
  if (kind.type === 'ecdsa') {
    return {
      asymmetricKeyType: 'ec',
      asymmetricKeyDetails: { namedCurve: CURVES[kind.curve][0] },
    }
  }
  return { asymmetricKeyType: kind.type, asymmetricKeyDetails: {} }
}

/**
 * Makes a private key.
 *
 * @throws DiagnosticError PKI_RUNTIME_LACKS_KEY where the OpenSSL that runs us has no such keys.
 */
export function generateKey(kind: KeyKind): KeyObject {
  try {
    return generate(kind)
  } catch {
    const runtime = `OpenSSL ${process.versions.openssl}`
    return fail(PKI_KINDS.runtimeLacksKey, { type: kind.type, runtime })
  }
}

function generate(kind: KeyKind): KeyObject {
  if (kind.type === 'rsa') {
    return generateKeyPairSync('rsa', { modulusLength: kind.bits }).privateKey
  }
  if (kind.type === 'ecdsa') {
    return generateKeyPairSync('ec', { namedCurve: CURVES[kind.curve][0] }).privateKey
  }
  // The types of Node name each kind of key in an overload of its own.
  return generateKeyPairSync(kind.type as 'ed25519').privateKey
}
