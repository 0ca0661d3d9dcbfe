/** A new certificate for an authority, and a new key: while both are trusted, hosts change one by one. */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { existsSync, rmSync } from 'node:fs'
import { fail } from '../diagnostics/diagnostic.ts'
import { readSecretTextFile } from '../files/text-file.ts'
import { type Certificate, certificateOf, parseCertificates } from '../x509/certificate.ts'
import { COMMON_NAME, readName } from '../x509/distinguished-name.ts'
import { isSelfIssued } from '../x509/issuer.ts'
import { type Authority, type Issued, loadAuthority, NEW_AUTHORITY } from './authority.ts'
import { keyIdOf, signCertificate } from './certificate-builder.ts'
import { authorityExtensions } from './certificate-extensions.ts'
import { chooseSignature } from './certificate-signature.ts'
import { withCredentialLock, writeCredentials } from './credential-writing.ts'
import { generateKey, type KeyRequest } from './key-kind.ts'
import { chooseKeyKind, requireStrongKey, type Strength } from './key-strength.ts'
import type { Layout } from './layout.ts'
import { PKI_KINDS } from './pki-diagnostics.ts'
import { encodePrivateKey, readPrivateKey } from './private-key-file.ts'
import { encodeSubject, MAX_NAME_LENGTH } from './subject-name.ts'
import { daysOf, validFor } from './validity-period.ts'

export type AuthorityRenewal = {
  readonly layout: Layout
  readonly strength: Strength
  /** Make a new key too; then the name gets a number, so that no peer takes one for the other. */
  readonly newKey?: boolean
  readonly key?: KeyRequest
  readonly days?: number
  readonly passphrase?: string
  readonly now?: Date
}

/**
 * Renews a root. What it signed stays valid: with the key kept, the new certificate takes the place of
 * the old one; with a new key both stand in the file until the old one is retired.
 *
 * @throws DiagnosticError PKI_..., FILE_...
 */
export function renewAuthority(request: AuthorityRenewal): Issued {
  return withCredentialLock(request.layout.root, () => renewLocked(request))
}

function renewLocked(request: AuthorityRenewal): Issued {
  const { layout, strength, passphrase, now = new Date(), newKey = false } = request
  const authority = loadAuthority(layout, { strength, passphrase, now })
  const { certificate: path, key: keyFile } = layout.authority
  const old = certificateOf(authority.certificate, { file: path, index: 0 })
  if (!isSelfIssued(old)) {
    fail(PKI_KINDS.authorityUnfit, { path, reason: 'is signed by another: use pki init --parent' })
  }
  const isKeyKept = !newKey && request.key === undefined
  const certificate = isKeyKept
    ? keepKey(authority, old, request)
    : replaceKey(authority, old, request)
  return { certificate, certificateFile: path, keyFile, isKeyKept, notes: [] }
}

function keepKey(authority: Authority, old: Certificate, request: AuthorityRenewal) {
  const { certificate: path } = request.layout.authority
  const certificate = signRoot(authority.parts.subject, authority.signer.key, old, request)
  const others = parseCertificates(readSecretTextFile(path)).filter(
    ({ x509 }) => !x509.raw.equals(old.x509.raw),
  )
  const text = [certificate, ...others.map(({ x509 }) => x509)].join('')
  writeCredentials([{ path, text, secret: false }], { root: request.layout.root, force: true })
  return certificate
}

/** All of it or nothing: an authority whose former key is lost can make no list for that one any more. */
function replaceKey(authority: Authority, old: Certificate, request: AuthorityRenewal) {
  const { layout, strength, passphrase } = request
  const { certificate: path, key: keyFile } = layout.authority
  if (existsSync(layout.formerKey)) fail(PKI_KINDS.fileExists, { paths: [layout.formerKey] })
  const key = generateKey(chooseKeyKind(request.key, 'authority', strength))
  const certificate = signRoot(encodeSubject(nextName(old)), key, old, request)
  const former = { path: layout.formerKey, text: readSecretTextFile(keyFile).text, secret: true }
  const files = [
    former,
    { path, text: certificate.toString() + authority.pem, secret: false },
    { path: keyFile, text: encodePrivateKey(key, passphrase), secret: true },
  ]
  writeCredentials(files, { root: layout.root, force: true })
  return certificate
}

function signRoot(subject: Buffer, key: KeyObject, old: Certificate, request: AuthorityRenewal) {
  const { strength, days = daysOf(old.x509), now = new Date() } = request
  const publicKey = createPublicKey(key)
  const kind = requireStrongKey(key, 'authority', strength, NEW_AUTHORITY)
  const extensions = authorityExtensions(keyIdOf(publicKey))
  const content = { subject, issuer: subject, validity: validFor(days, now), publicKey, extensions }
  return signCertificate(content, { key, signature: chooseSignature(kind, strength) })
}

/** `Example CA` is followed by `Example CA G2`. */
function nextName({ link }: Certificate) {
  const attributes = readName(link.subject).flat()
  const textOf = (wanted: string) =>
    attributes.find(({ identifier }) => identifier === wanted)?.text
  const name = textOf(COMMON_NAME) ?? 'CA'
  const [, stem = name, number = '1'] = /^(.*) G(\d{1,4})$/.exec(name) ?? []
  const suffix = ` G${Number(number) + 1}`
  const commonName = stem.slice(0, MAX_NAME_LENGTH - suffix.length) + suffix
  return { organization: textOf('2.5.4.10'), commonName }
}

/**
 * Ends the trust in the authority before: its certificate and its key are removed.
 *
 * @throws DiagnosticError PKI_NOTHING_TO_RETIRE, PKI_..., FILE_...
 */
export function retireFormerAuthority(layout: Layout, passphrase?: string): string {
  return withCredentialLock(layout.root, () => {
    const { certificate: path } = layout.authority
    if (!existsSync(layout.formerKey)) fail(PKI_KINDS.nothingToRetire, { path: layout.formerKey })
    const key = readPrivateKey(layout.formerKey, passphrase)
    const kept = parseCertificates(readSecretTextFile(path)).filter(
      ({ x509 }) => !x509.checkPrivateKey(key),
    )
    if (kept.length === 0) fail(PKI_KINDS.keyMismatch, { certificate: path, key: layout.formerKey })
    const text = kept.map(({ x509 }) => x509.toString()).join('')
    writeCredentials([{ path, text, secret: false }], { root: layout.root, force: true })
    rmSync(layout.formerKey, { force: true })
    return path
  })
}
