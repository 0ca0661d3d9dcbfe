/** The chains that a server shows, one for each of its keys, as plain data. */
import { type KeyObject, X509Certificate } from 'node:crypto'
import { DER, readOnly } from '../../asn1/der.ts'
import { type Certificate, certificateOf } from '../../x509/certificate.ts'
import { readSignatureAlgorithm } from '../../x509/signature-algorithm.ts'
import { isSignedBy } from '../../x509/signature-checks.ts'
import { findCertificateSignature } from '../../x509/signature-rules.ts'
import type { CertificateList } from '../messages/certificate.ts'
import type { CertificateChain, CertificateResult } from '../model.ts'
import type { ProbedServer } from './probe.ts'

/** In the order in which they were first seen. */
export function chainsOf({ flights, handshakes }: ProbedServer): readonly CertificateChain[] {
  const chains = new Map<string, CertificateList>()
  for (const { certificates } of [...handshakes, ...flights]) {
    if (certificates.length > 0) chains.set(keyOf(certificates), certificates)
  }
  return [...chains.values()].map(describeChain)
}

function keyOf(certificates: CertificateList): string {
  return certificates.map((der) => der.toString('base64')).join(' ')
}

function describeChain(chain: CertificateList): CertificateChain {
  const read = chain.map(readCertificate)
  const isReadable = (certificate: Certificate | undefined) => certificate !== undefined
  const readable = read.filter(isReadable)
  return {
    certificates: readable.map(describeCertificate),
    isInOrder: readable.every((certificate, at) => {
      const issuer = readable[at + 1]
      return !issuer || certificate.link.issuer.equals(issuer.link.subject)
    }),
    unreadable: read.flatMap((certificate, at) => (certificate ? [] : [at])),
  }
}

/** A server can show anything: what neither OpenSSL nor this program reads is told as such. */
function readCertificate(der: Buffer, index: number): Certificate | undefined {
  try {
    return certificateOf(new X509Certificate(der), { file: '<server>', index })
  } catch {
    return undefined
  }
}

function describeCertificate(certificate: Certificate): CertificateResult {
  const { x509, subject, issuer, notBefore, notAfter, alternativeNames } = certificate
  return {
    subject,
    issuer,
    isSelfSigned: subject === issuer && isSignedBy(certificate, certificate),
    serial: x509.serialNumber.toLowerCase(),
    notBefore: notBefore.toISOString(),
    notAfter: notAfter.toISOString(),
    ...describeKey(certificate),
    signatureAlgorithm: signatureOf(x509.raw),
    names: alternativeNames
      .filter(({ kind }) => kind === 'dns' || kind === 'ip' || kind === 'uri' || kind === 'email')
      .map(({ value }) => value),
    fingerprint: x509.fingerprint256.replaceAll(':', '').toLowerCase(),
  }
}

function describeKey({
  x509,
}: Certificate): Pick<CertificateResult, 'keyType' | 'keyBits' | 'curve'> {
  try {
    return sizeOf(x509.publicKey)
  } catch {
    return { keyType: 'unknown', keyBits: null, curve: null }
  }
}

/** Names of curves say their bits: `prime256v1`, `secp384r1`. */
function sizeOf(key: KeyObject): Pick<CertificateResult, 'keyType' | 'keyBits' | 'curve'> {
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {}
  const curveBits = /\d{3}/.exec(namedCurve ?? '')?.[0]
  return {
    keyType: key.asymmetricKeyType ?? 'unknown',
    keyBits: modulusLength ?? (curveBits === undefined ? null : Number(curveBits)),
    curve: namedCurve ?? null,
  }
}

/** GnuTLS's name of it, or the object identifier where it has none. */
function signatureOf(raw: Buffer): string | null {
  try {
    const [, algorithm] = readOnly(raw, DER.sequence)
    if (!algorithm) return null
    const { identifier, pssHash } = readSignatureAlgorithm(algorithm)
    return findCertificateSignature(identifier, pssHash)?.name ?? identifier
  } catch {
    return null
  }
}
