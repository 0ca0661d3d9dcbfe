/** A certificate as the checks see it: what node:crypto tells of it, and what it does not. */
import { createHash, X509Certificate } from 'node:crypto'
import {
  DER,
  type DerElement,
  readElements,
  readOnly,
  readSmallInteger,
  readTime,
  requireTag,
} from '../asn1/der.ts'
import { readPemBlocks } from '../asn1/pem.ts'
import { fail } from '../diagnostics/diagnostic.ts'
import type { Source } from '../diagnostics/source.ts'
import { type AlternativeName, readAlternativeNames } from './alternative-name.ts'
import type { CertificatePlace } from './certificate-place.ts'
import { printName } from './distinguished-name.ts'
import {
  EXTENSIONS,
  type Extensions,
  readAuthorityKeyIdentifier,
  readBasicConstraints,
  readExtensions,
  readKeyUsage,
  readPurposes,
  readSubjectKeyIdentifier,
  readTlsFeatures,
  unknownCritical,
} from './extension-values.ts'
import { type NameConstraints, readNameConstraints } from './name-constraints.ts'
import { X509_KINDS } from './x509-diagnostics.ts'

/**
 * Bits of keyUsage, in the order of their numbers (RFC 5280 section 4.2.1.3).
 *
 * @internal Exported for tests.
 */
export const KEY_USES = [
  ...(['digitalSignature', 'nonRepudiation', 'keyEncipherment', 'dataEncipherment'] as const),
  ...(['keyAgreement', 'keyCertSign', 'cRLSign', 'encipherOnly', 'decipherOnly'] as const),
] as const

export type KeyUse = (typeof KEY_USES)[number]

export type Certificate = {
  readonly x509: X509Certificate
  readonly place: CertificatePlace
  /** 1 to 3. */
  readonly version: number
  /** As GnuTLS writes it in the order of the encoding: `C=UK,CN=qemu`. */
  readonly subject: string
  readonly issuer: string
  readonly notBefore: Date
  readonly notAfter: Date
  readonly basicConstraints?: {
    readonly critical: boolean
    readonly isAuthority: boolean
    readonly pathLength?: number
  }
  readonly keyUsage?: { readonly critical: boolean; readonly uses: ReadonlySet<KeyUse> }
  /** Purposes by their object identifiers. */
  readonly extendedKeyUsage?: {
    readonly critical: boolean
    readonly purposes: ReadonlySet<string>
  }
  readonly alternativeNames: readonly AlternativeName[]
  /** SHA-256 of the public key with its algorithm, in base64, as in RFC 7469. */
  readonly publicKeyHash: string
  /** What says who issued it, compared byte by byte. */
  readonly link: CertificateLink
  /** Critical extensions that nothing here understands. */
  readonly unknownCritical: readonly string[]
  readonly nameConstraints?: NameConstraints
  /** Numbers of TLS extensions that the certificate, or for an authority all below it, needs. */
  readonly tlsFeatures: readonly number[]
}

/** Names in DER and the identifiers of keys. */
type CertificateLink = {
  readonly subject: Buffer
  readonly issuer: Buffer
  /** The public key with its algorithm, in DER. */
  readonly publicKey: Buffer
  readonly subjectKey: Buffer | undefined
  readonly authorityKey: Buffer | undefined
}

/** In bytes. A larger certificate is an attack on its reader. */
const MAX_CERTIFICATE = 262_144

const LABELS = ['CERTIFICATE', 'X509 CERTIFICATE']

/**
 * The certificates of a PEM text, one or many.
 *
 * @throws DiagnosticError TLS_PEM_... or TLS_CERTIFICATE_MALFORMED where the text holds none or
 *   one is malformed.
 */
export function parseCertificates(source: Source): readonly Certificate[] {
  const blocks = readPemBlocks(source, LABELS, 'certificate')
  return blocks.map(({ bytes }, index) => {
    const place = { file: source.name, index }
    return certificateOf(openCertificate(bytes, place), place)
  })
}

function openCertificate(bytes: Buffer, place: CertificatePlace): X509Certificate {
  try {
    if (bytes.length > MAX_CERTIFICATE) throw new RangeError('it is too large')
    // OpenSSL passes over what stands behind a certificate, and GnuTLS refuses it.
    readOnly(bytes, DER.sequence)
    return new X509Certificate(bytes)
  } catch (error) {
    const reason = error instanceof RangeError ? error.message : reasonAgainst(bytes)
    fail(X509_KINDS.malformed, { place, reason })
  }
}

/**
 * Why bytes are no certificate. OpenSSL looks for PEM in what is no DER, so its own reason would be
 * that there is no start line.
 */
function reasonAgainst(bytes: Buffer): string {
  try {
    readCertificate(bytes)
    return 'OpenSSL cannot read its key or one of its extensions'
  } catch (error) {
    return (error as Error).message
  }
}

/**
 * Reads what the checks need of a certificate.
 *
 * @throws DiagnosticError TLS_CERTIFICATE_MALFORMED.
 */
export function certificateOf(x509: X509Certificate, place: CertificatePlace): Certificate {
  try {
    return { x509, place, ...readCertificate(x509.raw) }
  } catch (error) {
    fail(X509_KINDS.malformed, { place, reason: (error as Error).message })
  }
}

/**
 * TBSCertificate ::= SEQUENCE { version [0], serialNumber, signature, issuer, validity, subject,
 * subjectPublicKeyInfo, ..., extensions [3] } (RFC 5280 section 4.1).
 */
function readCertificate(raw: Buffer): Omit<Certificate, 'x509' | 'place'> {
  const [body, ...rest] = readOnly(raw, DER.sequence)
  if (rest.length !== 2) throw new RangeError('a certificate has three parts')
  const fields = readElements(requireTag(body, DER.sequence).body)
  const hasVersion = fields[0]?.tag === 0xa0
  const [, , issuer, validity, subject, publicKey] = hasVersion ? fields.slice(1) : fields
  const [notBefore, notAfter] = readElements(requireTag(validity, DER.sequence).body)
  const key = requireTag(publicKey, DER.sequence).whole
  const names = {
    subject: requireTag(subject, DER.sequence).whole,
    issuer: requireTag(issuer, DER.sequence).whole,
  }
  const extensions = extensionsOf(fields)
  return {
    version: hasVersion ? readSmallInteger(readElements(fields[0]?.body ?? raw)[0]) + 1 : 1,
    subject: printName(names.subject),
    issuer: printName(names.issuer),
    notBefore: readTime(notBefore),
    notAfter: readTime(notAfter),
    publicKeyHash: createHash('sha256').update(key).digest('base64'),
    link: { ...names, publicKey: key, ...readKeyIdentifiers(extensions) },
    unknownCritical: unknownCritical(extensions),
    alternativeNames:
      mapExtension(extensions, 'subjectAlternativeName', readAlternativeNames) ?? [],
    tlsFeatures: mapExtension(extensions, 'tlsFeatures', readTlsFeatures) ?? [],
    ...readConstraints(extensions),
    ...readUses(extensions),
  }
}

function extensionsOf(fields: readonly DerElement[]): Extensions {
  const wrapped = fields.find(({ tag }) => tag === 0xa3)
  const [sequence] = wrapped ? readElements(wrapped.body) : []
  return sequence ? readExtensions(sequence) : new Map()
}

function mapExtension<Value>(
  extensions: Extensions,
  name: keyof typeof EXTENSIONS,
  read: (value: Buffer) => Value,
): Value | undefined {
  const extension = extensions.get(EXTENSIONS[name])
  return extension && read(extension.value)
}

function readKeyIdentifiers(
  extensions: Extensions,
): Pick<CertificateLink, 'subjectKey' | 'authorityKey'> {
  return {
    subjectKey: mapExtension(extensions, 'subjectKeyIdentifier', readSubjectKeyIdentifier),
    authorityKey: mapExtension(extensions, 'authorityKeyIdentifier', readAuthorityKeyIdentifier),
  }
}

function readConstraints(
  extensions: Extensions,
): Pick<Certificate, 'basicConstraints' | 'nameConstraints'> {
  const basic = extensions.get(EXTENSIONS.basicConstraints)
  const names = mapExtension(extensions, 'nameConstraints', readNameConstraints)
  return {
    ...(basic
      ? { basicConstraints: { critical: basic.critical, ...readBasicConstraints(basic.value) } }
      : {}),
    ...(names ? { nameConstraints: names } : {}),
  }
}

function readUses(extensions: Extensions): Pick<Certificate, 'keyUsage' | 'extendedKeyUsage'> {
  const usage = extensions.get(EXTENSIONS.keyUsage)
  const extended = extensions.get(EXTENSIONS.extendedKeyUsage)
  return {
    ...(usage ? { keyUsage: { critical: usage.critical, uses: keyUses(usage.value) } } : {}),
    ...(extended
      ? {
          extendedKeyUsage: {
            critical: extended.critical,
            purposes: readPurposes(extended.value),
          },
        }
      : {}),
  }
}

function keyUses(value: Buffer): ReadonlySet<KeyUse> {
  return new Set(readKeyUsage(value).flatMap((bit) => KEY_USES[bit] ?? []))
}
