/** The authority that signs: making it, and reading it before something is signed. */
import { createPublicKey, type X509Certificate } from 'node:crypto'
import { existsSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { type Diagnostic, fail } from '../diagnostics/diagnostic.ts'
import { readSecretTextFile } from '../files/text-file.ts'
import { type Certificate, certificateOf, parseCertificates } from '../x509/certificate.ts'
import { isSelfIssued, namesIssuer } from '../x509/issuer.ts'
import {
  type CertificateParts,
  keyIdOf,
  readCertificateParts,
  type Signer,
  signCertificate,
} from './certificate-builder.ts'
import { authorityExtensions } from './certificate-extensions.ts'
import { chooseSignature } from './certificate-signature.ts'
import { type CredentialFile, withCredentialLock, writeCredentials } from './credential-writing.ts'
import { generateKey, type KeyRequest } from './key-kind.ts'
import { chooseKeyKind, requireStrongKey, type Strength } from './key-strength.ts'
import type { Layout } from './layout.ts'
import { PKI_KINDS } from './pki-diagnostics.ts'
import { encodePrivateKey, readPrivateKey } from './private-key-file.ts'
import { encodeSubject, MAX_NAME_LENGTH, type SubjectName } from './subject-name.ts'
import { DEFAULT_AUTHORITY_DAYS, validFor, withinIssuer } from './validity-period.ts'

/** What to do about an authority that is too weak. */
export const NEW_AUTHORITY = 'make a new authority: cryptopolicy pki init'

/** A certificate that was made or replaced, with the files that were written. */
export type Issued = {
  readonly certificate: X509Certificate
  readonly certificateFile: string
  /** Not set where the key is elsewhere. */
  readonly keyFile?: string
  /** The key is the one that was there before. */
  readonly isKeyKept: boolean
  /** What to know about it; never errors. */
  readonly notes: readonly Diagnostic[]
}

export type AuthorityRequest = {
  readonly layout: Layout
  readonly strength: Strength
  /** By default a common name with that of the host. */
  readonly subject: Partial<SubjectName>
  readonly days?: number
  readonly key?: KeyRequest
  /** Encrypts the key. */
  readonly passphrase?: string
  /** The authority above this one, where it is to be no root. */
  readonly parent?: { readonly layout: Layout; readonly passphrase?: string }
  readonly force?: boolean
  readonly now?: Date
}

/** The authority, ready to sign. */
export type Authority = {
  readonly certificate: X509Certificate
  /** As it stands in its file. */
  readonly pem: string
  /** What a peer needs beside the certificate of an endpoint: PEM of all that stand below the root. */
  readonly chain: string
  readonly parts: CertificateParts
  readonly signer: Signer
}

/**
 * Makes an authority: a key and a certificate, which it signs itself, or its parent signs.
 *
 * @throws DiagnosticError PKI_..., FILE_UNWRITABLE.
 */
export function createAuthority(request: AuthorityRequest): Issued {
  const { layout, strength, days = DEFAULT_AUTHORITY_DAYS, now = new Date() } = request
  const kind = chooseKeyKind(request.key, 'authority', strength)
  const signature = chooseSignature(kind, strength)
  const key = generateKey(kind)
  const publicKey = createPublicKey(key)
  const subject = encodeSubject(namesOf(request.subject))
  const parent = request.parent && loadParent(request.parent, strength, now)
  const validity = validFor(days, now)
  const certificate = signCertificate(
    {
      subject,
      issuer: parent?.parts.subject ?? subject,
      validity: parent ? withinIssuer(validity, parent.certificate) : validity,
      publicKey,
      extensions: authorityExtensions(keyIdOf(publicKey), parent?.parts.keyId),
    },
    parent?.signer ?? { key, signature },
  )
  const { certificate: certificateFile, key: keyFile } = layout.authority
  const files: readonly CredentialFile[] = [
    { path: keyFile, text: encodePrivateKey(key, request.passphrase), secret: true },
    // A peer that trusts the authority of this folder needs the root too.
    { path: certificateFile, text: certificate.toString() + (parent?.pem ?? ''), secret: false },
  ]
  withCredentialLock(layout.root, () =>
    writeCredentials(files, { root: layout.root, force: request.force ?? false }),
  )
  return { certificate, certificateFile, keyFile, isKeyKept: false, notes: [] }
}

function loadParent(
  { layout, passphrase }: NonNullable<AuthorityRequest['parent']>,
  strength: Strength,
  now: Date,
): Authority {
  const parent = loadAuthority(layout, { strength, passphrase, now })
  const { certificate: path } = layout.authority
  const { basicConstraints } = certificateOf(parent.certificate, { file: path, index: 0 })
  if (basicConstraints?.pathLength === 0) {
    fail(PKI_KINDS.authorityUnfit, { path, reason: 'may have no other authority below it' })
  }
  return parent
}

export type LoadOptions = {
  readonly strength: Strength
  readonly passphrase?: string | undefined
  readonly now: Date
}

/**
 * Reads an authority and refuses one whose certificates no peer would accept.
 *
 * @throws DiagnosticError PKI_NO_AUTHORITY, PKI_NO_AUTHORITY_KEY, PKI_AUTHORITY_UNFIT, PKI_KEY_..., FILE_...
 */
export function loadAuthority(layout: Layout, options: LoadOptions): Authority {
  return openAuthority(layout, layout.authority.key, options)
}

/**
 * The authority, and the one before it as long as its key is there: both still make their lists of
 * revoked certificates.
 *
 * @throws DiagnosticError as loadAuthority.
 */
export function loadAuthorities(layout: Layout, options: LoadOptions): readonly Authority[] {
  const authority = loadAuthority(layout, options)
  if (!existsSync(layout.formerKey)) return [authority]
  return [authority, openAuthority(layout, layout.formerKey, options)]
}

function openAuthority(layout: Layout, keyFile: string, options: LoadOptions): Authority {
  const { certificate: file } = layout.authority
  if (isAbsent(file)) fail(PKI_KINDS.noAuthority, { path: file, root: layout.root })
  if (isAbsent(keyFile)) fail(PKI_KINDS.noAuthorityKey, { path: keyFile, certificate: file })
  const source = readSecretTextFile(file)
  const authorities = parseCertificates(source)
  const key = readPrivateKey(keyFile, options.passphrase)
  // One that is about to be replaced stands beside its successor in the same file.
  const found = authorities.find(({ x509 }) => x509.checkPrivateKey(key))
  if (!found) return fail(PKI_KINDS.keyMismatch, { certificate: file, key: keyFile })
  const certificate = found.x509
  requireFitness(file, certificate, options.now)
  const kind = requireStrongKey(key, 'authority', options.strength, NEW_AUTHORITY)
  const signature = chooseSignature(kind, options.strength)
  const parts = requireCertificateParts(file, certificate)
  const chain = chainOf(found, authorities)
  return { certificate, pem: source.text, chain, parts, signer: { key, signature } }
}

/** False where this user may not look into the folder: reading the file says that. */
function isAbsent(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined
  } catch {
    return false
  }
}

/** The authorities from this one up to the root. The root is left out: peers have it already. */
function chainOf(authority: Certificate, all: readonly Certificate[]): string {
  const chain: Certificate[] = []
  let next: Certificate | undefined = authority
  while (next && !isSelfIssued(next) && !chain.includes(next)) {
    chain.push(next)
    const child: Certificate = next
    next = all.find((one) => namesIssuer(child, one))
  }
  return chain.map(({ x509 }) => x509.toString()).join('')
}

/**
 * Reads the first certificate of a file, which is the endpoint's own.
 *
 * @throws DiagnosticError FILE_..., TLS_CERTIFICATE_MALFORMED or TLS_PEM_...
 */
export function readCertificate(path: string): X509Certificate {
  const [first] = parseCertificates(readSecretTextFile(path))
  return first?.x509 ?? fail(PKI_KINDS.certificateMalformed, { path })
}

/** Takes a certificate of a file apart. */
export function requireCertificateParts(
  path: string,
  certificate: X509Certificate,
): CertificateParts {
  try {
    return readCertificateParts(certificate)
  } catch {
    return fail(PKI_KINDS.certificateMalformed, { path })
  }
}

/**
 * Refuses a certificate that is none of an authority, or not of this time.
 *
 * @throws DiagnosticError PKI_AUTHORITY_UNFIT.
 */
export function requireFitness(path: string, certificate: X509Certificate, now: Date): void {
  const { ca, validFromDate, validToDate } = certificate
  if (!ca) fail(PKI_KINDS.authorityUnfit, { path, reason: 'is not one of an authority' })
  if (validToDate <= now) {
    fail(PKI_KINDS.authorityUnfit, { path, reason: `expired on ${dateOf(validToDate)}` })
  }
  if (validFromDate > now) {
    fail(PKI_KINDS.authorityUnfit, { path, reason: `is not valid before ${dateOf(validFromDate)}` })
  }
}

/** The day, in UTC. */
export function dateOf(date: Date): string {
  return date.toISOString().slice(0, 10)
}

function namesOf({ organization, commonName }: AuthorityRequest['subject']): SubjectName {
  const fallback = `${hostname()} CA`.slice(0, MAX_NAME_LENGTH)
  return { organization, commonName: commonName ?? fallback }
}
