/** Makes certificates of any key and signature, weak ones too, in DER written by hand (RFC 5280). */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto'
import madeKeys from './made-keys.json' with { type: 'json' }

export type Identity = {
  readonly name: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  /** PEM. */
  readonly certificate: string
  /** PEM. */
  readonly key: string
}

/** Kinds of keys, as tests name them. */
export type KeyKind =
  | `rsa-${number}`
  | `rsa-pss-${number}`
  | `dsa-${number}`
  | `ec-${string}`
  | 'ed25519'
  | 'ed448'
  | 'x25519'
  | 'x448'
  | 'ml-kem-768'
  | `ml-dsa-${44 | 65 | 87}`

export type SignatureName =
  | 'SHA1'
  | 'SHA224'
  | 'SHA256'
  | 'SHA384'
  | 'SHA512'
  | 'MD5'
  | 'PSS-SHA256'

type KeyPair = { readonly privateKey: KeyObject; readonly publicKey: KeyObject }

const keys = new Map<string, KeyPair>()

/** A new identity, signed by the issuer or by itself. Keys of a kind are shared between names. */
export function makeIdentity(
  name: string,
  kind: KeyKind,
  issuer?: Identity,
  signature: SignatureName = 'SHA256',
): Identity {
  const { privateKey, publicKey } = keyPair(kind, name)
  const signer = issuer ?? { name, privateKey }
  const algorithm = signatureAlgorithm(signer.privateKey, signature)
  const isAuthority = issuer === undefined || name.includes('CA')
  const body = sequence(
    element(0xa0, integer(2)),
    integer(serialOf(name, kind, signature)),
    algorithm,
    distinguishedName(signer.name),
    sequence(time('20200101000000Z'), time('20491231235959Z')),
    distinguishedName(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    element(0xa3, sequence(...extensions(name, isAuthority))),
  )
  const bytes = signWith(signer.privateKey, signature, body)
  const certificate = pem(sequence(body, algorithm, element(0x03, Buffer.from([0]), bytes)))
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  return { name, privateKey, publicKey, certificate, key }
}

function keyPair(kind: KeyKind, name: string): KeyPair {
  const id = `${kind} ${name.includes('CA') ? name : ''}`
  const known = keys.get(id) ?? generate(kind)
  keys.set(id, known)
  return known
}

/** PKCS #8 in base64, by kind: to find large primes takes longer than most tests. */
const unused = new Map(Object.entries(madeKeys).map(([kind, made]) => [kind, [...made]]))

/** A key that no other call has got. */
export function generate(kind: KeyKind): KeyPair {
  const made = unused.get(kind)?.shift()
  if (made === undefined) return generateNew(kind)
  const bytes = Buffer.from(made, 'base64')
  const privateKey = createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' })
  return { privateKey, publicKey: createPublicKey(privateKey) }
}

function generateNew(kind: KeyKind): KeyPair {
  const [, type = kind, bits = ''] = /^(rsa-pss|rsa|dsa|ec)-(.+)$/.exec(kind) ?? []
  const modulusLength = Number(bits)
  if (type === 'rsa') return generateKeyPairSync('rsa', { modulusLength })
  if (type === 'rsa-pss') return generateKeyPairSync('rsa-pss', { modulusLength })
  if (type === 'dsa') return generateKeyPairSync('dsa', { modulusLength, divisorLength: 160 })
  if (type === 'ec') return generateKeyPairSync('ec', { namedCurve: bits })
  return generateKeyPairSync(kind as 'ed25519')
}

const OIDS: Readonly<Record<string, string>> = {
  'rsa SHA1': '2a864886f70d010105',
  'rsa SHA224': '2a864886f70d01010e',
  'rsa SHA256': '2a864886f70d01010b',
  'rsa SHA384': '2a864886f70d01010c',
  'rsa SHA512': '2a864886f70d01010d',
  'rsa MD5': '2a864886f70d010104',
  'ec SHA1': '2a8648ce3d0401',
  'ec SHA224': '2a8648ce3d040301',
  'ec SHA256': '2a8648ce3d040302',
  'ec SHA384': '2a8648ce3d040303',
  'ec SHA512': '2a8648ce3d040304',
  'dsa SHA1': '2a8648ce380403',
  'dsa SHA256': '608648016503040302',
  ed25519: '2b6570',
  ed448: '2b6571',
  'ml-dsa-44': '608648016503040311',
  'ml-dsa-65': '608648016503040312',
  'ml-dsa-87': '608648016503040313',
}

const SHA256_OID = '608648016503040201'
const PSS_OID = '2a864886f70d01010a'
const MGF1_OID = '2a864886f70d010108'

function isPss(key: KeyObject, signature: SignatureName): boolean {
  return key.asymmetricKeyType === 'rsa-pss' || signature === 'PSS-SHA256'
}

export function signatureAlgorithm(key: KeyObject, signature: SignatureName): Buffer {
  if (isPss(key, signature)) {
    const hash = sequence(oid(SHA256_OID))
    const mask = sequence(oid(MGF1_OID), hash)
    const salt = element(0xa2, integer(32))
    return sequence(oid(PSS_OID), sequence(element(0xa0, hash), element(0xa1, mask), salt))
  }
  const type = key.asymmetricKeyType ?? ''
  const parameters = type === 'rsa' ? [element(0x05)] : []
  return sequence(oid(OIDS[`${type} ${signature}`] ?? OIDS[type] ?? ''), ...parameters)
}

export function signWith(key: KeyObject, signature: SignatureName, body: Buffer): Buffer {
  const type = key.asymmetricKeyType ?? ''
  if (isPss(key, signature)) return sign('sha256', body, { key, padding: 6, saltLength: 32 })
  return sign(/^(rsa|ec|dsa)$/.test(type) ? signature.toLowerCase() : null, body, key)
}

function extensions(name: string, isAuthority: boolean): Buffer[] {
  const constraints = sequence(...(isAuthority ? [element(0x01, Buffer.from([0xff]))] : []))
  const names = sequence(element(0x82, Buffer.from(name.replaceAll(' ', '-'))))
  return [
    sequence(oid('551d13'), element(0x01, Buffer.from([0xff])), element(0x04, constraints)),
    sequence(oid('551d11'), element(0x04, names)),
  ]
}

function distinguishedName(name: string): Buffer {
  const commonName = sequence(oid('550403'), element(0x0c, Buffer.from(name)))
  return sequence(element(0x31, commonName))
}

function serialOf(...parts: readonly string[]): number {
  return createHash('sha256').update(parts.join()).digest().readUInt32BE() >>> 1
}

export function element(tag: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  const { length } = body
  const header =
    length < 0x80
      ? [tag, length]
      : [tag, 0x83, (length >> 16) & 0xff, (length >> 8) & 0xff, length & 0xff]
  // The shortest form of a length is the only one that DER allows.
  if (header.length > 2 && length < 0x10000) header.splice(1, 2, 0x82)
  if (header[1] === 0x82 && length < 0x100) header.splice(1, 2, 0x81)
  return Buffer.concat([Buffer.from(header), body])
}

export function sequence(...parts: readonly Buffer[]): Buffer {
  return element(0x30, ...parts)
}

export function integer(value: number): Buffer {
  const hex = value.toString(16)
  const bytes = Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex')
  return element(0x02, (bytes[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes)
}

export function oid(hex: string): Buffer {
  return element(0x06, Buffer.from(hex, 'hex'))
}

export function time(text: string): Buffer {
  return element(0x18, Buffer.from(text))
}

export function pem(der: Buffer, label = 'CERTIFICATE'): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
