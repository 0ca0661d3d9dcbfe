/** Requests for certificates (PKCS #10, RFC 2986): making them, and reading those of others. */
import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import {
  DER,
  type DerElement,
  readElements,
  readObjectIdentifier,
  readOnly,
  requireTag,
} from '../asn1/der.ts'
import {
  bitString,
  explicit,
  integer,
  objectIdentifier,
  sequenceOf,
  setOf,
} from '../asn1/der-writer.ts'
import { encodePem, readPemBlocks } from '../asn1/pem.ts'
import { DiagnosticError, fail } from '../diagnostics/diagnostic.ts'
import type { Source } from '../diagnostics/source.ts'
import { type AlternativeName, readAlternativeNames } from '../x509/alternative-name.ts'
import { COMMON_NAME, printName, readName } from '../x509/distinguished-name.ts'
import { type Extensions, readExtensions } from '../x509/extension-values.ts'
import { readSignatureAlgorithm, signatureParameters } from '../x509/signature-algorithm.ts'
import { findCertificateSignature, isSignatureAllowed } from '../x509/signature-rules.ts'
import type { Signer } from './certificate-builder.ts'
import { encodeExtension, ISSUED_EXTENSIONS } from './certificate-extensions.ts'
import { encodeAlgorithm, signBytes } from './certificate-signature.ts'
import type { Strength } from './key-strength.ts'
import { PKI_KINDS } from './pki-diagnostics.ts'

/** extensionRequest (RFC 2985 section 5.4.2). */
const EXTENSION_REQUEST = '1.2.840.113549.1.9.14'
const ORGANIZATION = '2.5.4.10'
const VERSION_1 = Buffer.from([0])

export type RequestContent = {
  readonly subject: Buffer
  readonly publicKey: KeyObject
  /** Encoded; undefined where there are none. */
  readonly alternativeNames: Buffer | undefined
}

/** CertificationRequest ::= SEQUENCE { info, signatureAlgorithm, signature }, as PEM. */
export function encodeRequest(
  { subject, publicKey, alternativeNames }: RequestContent,
  signer: Signer,
) {
  const wanted = alternativeNames
    ? [
        sequenceOf(
          encodeExtension(ISSUED_EXTENSIONS.subjectAlternativeName, false, alternativeNames),
        ),
      ]
    : []
  const attributes = wanted.map((extensions) =>
    sequenceOf(objectIdentifier(EXTENSION_REQUEST), setOf(extensions)),
  )
  const body = sequenceOf(
    integer(VERSION_1),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(0, ...attributes),
  )
  const algorithm = encodeAlgorithm(signer.signature)
  const signature = signBytes(body, signer.signature, signer.key)
  return encodePem('CERTIFICATE REQUEST', sequenceOf(body, algorithm, bitString(signature)))
}

/** What a request asks for. None of it is granted by itself. */
export type SigningRequest = {
  readonly path: string
  readonly publicKey: KeyObject
  /** As GnuTLS prints it. */
  readonly subject: string
  readonly commonName?: string
  readonly organization?: string
  readonly names: readonly AlternativeName[]
  /** Identifiers of attributes of the subject and of extensions that are not ours to give. */
  readonly others: readonly string[]
}

/**
 * Reads a request, and checks that its maker has the key.
 *
 * @throws DiagnosticError PKI_REQUEST_MALFORMED, PKI_REQUEST_UNSIGNED, TLS_PEM_...
 */
export function readSigningRequest(source: Source, strength: Strength): SigningRequest {
  const labels = ['CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST']
  const [block] = readPemBlocks(source, labels, 'certificate request')
  const path = source.name
  try {
    return openRequest(path, block?.bytes ?? Buffer.alloc(0), strength)
  } catch (error) {
    if (error instanceof DiagnosticError) throw error
    return fail(PKI_KINDS.requestMalformed, { path, reason: (error as Error).message })
  }
}

function openRequest(path: string, raw: Buffer, strength: Strength): SigningRequest {
  const [body, algorithm, signature, ...rest] = readOnly(raw, DER.sequence)
  if (rest.length > 0) throw new RangeError('a request has three parts')
  const info = requireTag(body, DER.sequence)
  const [version, subject, key, attributes] = readElements(info.body)
  requireTag(version, DER.integer)
  const spki = requireTag(key, DER.sequence).whole
  const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' })
  const bytes = requireTag(signature, DER.bitString).body.subarray(1)
  const parts = { info: info.whole, algorithm: requireTag(algorithm, DER.sequence), bytes }
  requireSignature(path, parts, publicKey, strength)
  const name = requireTag(subject, DER.sequence).whole
  return { path, publicKey, ...readSubject(name), ...readWishes(name, attributes) }
}

type Signed = { readonly info: Buffer; readonly algorithm: DerElement; readonly bytes: Buffer }

function requireSignature(
  path: string,
  { info, algorithm, bytes }: Signed,
  key: KeyObject,
  { evaluation }: Strength,
): void {
  const { identifier, pssHash } = readSignatureAlgorithm(algorithm)
  const kind = findCertificateSignature(identifier, pssHash)
  const isAllowed = kind !== undefined && isSignatureAllowed(evaluation, kind)
  if (!isAllowed)
    fail(PKI_KINDS.requestUnsigned, { path, reason: `${kind?.name ?? identifier} is not allowed` })
  const { hash, options } = signatureParameters(algorithm, key)
  const isGood = verify(hash, info, { key, ...options }, bytes)
  if (!isGood)
    fail(PKI_KINDS.requestUnsigned, { path, reason: 'the key did not make the signature' })
}

function readSubject(name: Buffer) {
  const attributes = readName(name).flat()
  const textOf = (wanted: string) =>
    attributes.find(({ identifier }) => identifier === wanted)?.text
  const [commonName, organization] = [textOf(COMMON_NAME), textOf(ORGANIZATION)]
  return {
    subject: printName(name),
    ...(commonName === undefined ? {} : { commonName }),
    ...(organization === undefined ? {} : { organization }),
  }
}

function readWishes(name: Buffer, attributes: DerElement | undefined) {
  const extensions = extensionsOf(attributes)
  const wanted = extensions.get(ISSUED_EXTENSIONS.subjectAlternativeName)
  const unknown = readName(name)
    .flat()
    .map(({ identifier }) => identifier)
    .filter((identifier) => identifier !== COMMON_NAME && identifier !== ORGANIZATION)
  const others = [...extensions.keys()].filter(
    (one) => one !== ISSUED_EXTENSIONS.subjectAlternativeName,
  )
  return {
    names: wanted ? readAlternativeNames(wanted.value) : [],
    others: [...unknown, ...others],
  }
}

function extensionsOf(attributes: DerElement | undefined): Extensions {
  for (const attribute of attributes ? readElements(attributes.body) : []) {
    const [type, values] = readElements(requireTag(attribute, DER.sequence).body)
    if (!type || readObjectIdentifier(type) !== EXTENSION_REQUEST) continue
    const [sequence] = readElements(requireTag(values, DER.set).body)
    if (sequence) return readExtensions(sequence)
  }
  return new Map()
}
