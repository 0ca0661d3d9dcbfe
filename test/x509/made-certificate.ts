/** Makes certificates and revocation lists by a description: good, bad and impossible ones, in DER by hand. */
import { type KeyObject, randomBytes } from 'node:crypto'
import { KEY_USES, type KeyUse } from '../../src/x509/certificate.ts'
import {
  element,
  generate,
  integer,
  type KeyKind,
  oid,
  pem,
  type SignatureName,
  sequence,
  signatureAlgorithm,
  signWith,
  time,
} from '../tls/certificates.ts'

export type Description = {
  /** The common name, or the attributes: identifier in dotted form, tag, value. */
  readonly subject?: string | readonly (readonly Attribute[])[]
  readonly issuer?: Made
  readonly key?: KeyKind
  /** Hours from now. */
  readonly from?: number
  readonly until?: number
  readonly basicConstraints?:
    | {
        readonly critical: boolean
        readonly isAuthority: boolean
        readonly pathLength?: number
      }
    | undefined
  readonly keyUsage?: { readonly critical: boolean; readonly uses: readonly KeyUse[] }
  readonly extendedKeyUsage?: { readonly critical: boolean; readonly purposes: readonly string[] }
  /** Tag of GeneralName and the bytes. */
  readonly names?: readonly (readonly [tag: number, value: Buffer])[]
  /** Identifier, critical, DER. */
  readonly extensions?: readonly (readonly [identifier: string, critical: boolean, value: Buffer])[]
  readonly signature?: SignatureName
  /** 3 by default; certificates of version 1 have no extensions. */
  readonly version?: 1 | 3
  /** In place of the key's own: SubjectPublicKeyInfo in DER. */
  readonly publicKey?: Buffer
}

export type Attribute = readonly [identifier: string, tag: number, value: Buffer]

export type Made = {
  readonly description: Description
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  readonly serial: number
  readonly raw: Buffer
  /** PEM. */
  readonly certificate: string
  /** PEM. */
  readonly key: string
}

export const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
export const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'

/** What authorities have by default. */
export const AUTHORITY = {
  basicConstraints: { critical: true, isAuthority: true },
  keyUsage: { critical: true, uses: ['keyCertSign'] },
} as const satisfies Description

/** What endpoints have by default. */
export const ENDPOINT = {
  basicConstraints: { critical: true, isAuthority: false },
} as const satisfies Description

const HOUR = 3_600_000

/** Makes a certificate; keys are new unless one is given to be certified again. */
export function make(description: Description, again?: Made): Made {
  const { issuer, key: kind = 'ec-prime256v1', signature = 'SHA256' } = description
  const { privateKey, publicKey } = again ?? generate(kind)
  const signer = issuer ?? { privateKey, description }
  const algorithm = signatureAlgorithm(signer.privateKey, signature)
  const serial = randomBytes(4).readUInt32BE() >>> 1 || 1
  const now = Date.now()
  const body = sequence(
    ...(description.version === 1 ? [] : [element(0xa0, integer(2))]),
    integer(serial),
    algorithm,
    encodeName(signer.description.subject),
    sequence(
      encodeTime(now + (description.from ?? -24) * HOUR),
      encodeTime(now + (description.until ?? 24) * HOUR),
    ),
    encodeName(description.subject),
    description.publicKey ?? publicKey.export({ type: 'spki', format: 'der' }),
    ...(description.version === 1 ? [] : encodeExtensions(description)),
  )
  const bytes = signWith(signer.privateKey, signature, body)
  const raw = sequence(body, algorithm, element(0x03, Buffer.from([0]), bytes))
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  return { description, privateKey, publicKey, serial, raw, certificate: pem(raw), key }
}

export type ListDescription = {
  readonly signer: Made
  readonly revoked: readonly number[]
  /** The name of the issuer, where it is not the signer's. */
  readonly name?: string
  /** Hours from now, or from `at`. */
  readonly from?: number
  readonly until?: number
  /** In milliseconds; the present time unless given. */
  readonly at?: number
  /** That of the extension cRLNumber; none unless given. */
  readonly number?: number
}

/** A revocation list as PEM. */
export function makeList(description: ListDescription): string {
  const { signer, revoked, name, from = -48, until = 24, at: now = Date.now() } = description
  const { number } = description
  const algorithm = signatureAlgorithm(signer.privateKey, 'SHA256')
  const entries = revoked.map((serial) => sequence(integer(serial), encodeTime(now - HOUR)))
  const body = sequence(
    integer(1),
    algorithm,
    encodeName(name ?? signer.description.subject),
    encodeTime(now + from * HOUR),
    encodeTime(now + until * HOUR),
    ...(entries.length > 0 ? [sequence(...entries)] : []),
    ...(number === undefined ? [] : [element(0xa0, sequence(encodeNumber(number)))]),
  )
  const bytes = signWith(signer.privateKey, 'SHA256', body)
  const raw = sequence(body, algorithm, element(0x03, Buffer.from([0]), bytes))
  return pem(raw, 'X509 CRL')
}

function encodeNumber(number: number): Buffer {
  return sequence(encodeIdentifier('2.5.29.20'), element(0x04, integer(number)))
}

/** Identifiers of keys, so that a certificate of one name for both is not taken for a root. */
export function identified(own: string, issuer: string): Description {
  return {
    extensions: [
      ['2.5.29.14', false, element(0x04, Buffer.from(own))],
      ['2.5.29.35', false, sequence(element(0x80, Buffer.from(issuer)))],
    ],
  }
}

export function encodeIdentifier(dotted: string): Buffer {
  const [top = 0n, second = 0n, ...rest] = dotted.split('.').map(BigInt)
  const bytes = [top * 40n + second, ...rest].flatMap((arc) => {
    const groups = [Number(arc & 0x7fn)]
    for (let left = arc >> 7n; left > 0n; left >>= 7n) groups.unshift(Number(left & 0x7fn) | 0x80)
    return groups
  })
  return oid(Buffer.from(bytes).toString('hex'))
}

function encodeTime(milliseconds: number): Buffer {
  return time(new Date(milliseconds).toISOString().replace(/[-:T]|\.\d+/g, ''))
}

export function encodeName(subject: Description['subject'] = []): Buffer {
  const relatives: readonly (readonly Attribute[])[] =
    typeof subject === 'string' ? [[['2.5.4.3', 0x0c, Buffer.from(subject)]]] : subject
  return sequence(
    ...relatives.map((relative) =>
      element(
        0x31,
        ...relative.map(([identifier, tag, value]) =>
          sequence(encodeIdentifier(identifier), element(tag, value)),
        ),
      ),
    ),
  )
}

const TRUE = element(0x01, Buffer.from([0xff]))

function encodeExtensions(description: Description): Buffer[] {
  const { basicConstraints, keyUsage, extendedKeyUsage, names, extensions = [] } = description
  const rows = [...extensions]
  if (basicConstraints) {
    const { critical, isAuthority, pathLength } = basicConstraints
    const fields = [...(isAuthority ? [TRUE] : [])]
    if (pathLength !== undefined) fields.push(integer(pathLength))
    rows.push(['2.5.29.19', critical, sequence(...fields)])
  }
  if (keyUsage) rows.push(['2.5.29.15', keyUsage.critical, encodeUses(keyUsage.uses)])
  if (extendedKeyUsage) {
    const { critical, purposes } = extendedKeyUsage
    rows.push(['2.5.29.37', critical, encodePurposes(purposes)])
  }
  if (names) {
    rows.push(['2.5.29.17', false, sequence(...names.map(([tag, value]) => element(tag, value)))])
  }
  const encoded = rows.map(([identifier, critical, value]) =>
    sequence(encodeIdentifier(identifier), ...(critical ? [TRUE] : []), element(0x04, value)),
  )
  return encoded.length > 0 ? [element(0xa3, sequence(...encoded))] : []
}

export function encodePurposes(purposes: readonly string[]): Buffer {
  return sequence(...purposes.map(encodeIdentifier))
}

function encodeUses(uses: readonly KeyUse[]): Buffer {
  const bits = uses.map((use) => KEY_USES.indexOf(use))
  const last = Math.max(-1, ...bits)
  const bytes = Buffer.alloc(Math.ceil((last + 1) / 8))
  for (const bit of bits) bytes[bit >> 3]! |= 0x80 >> (bit & 7)
  return element(0x03, Buffer.from([last < 0 ? 0 : 7 - (last % 8)]), bytes)
}
