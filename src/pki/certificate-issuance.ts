/** Certificates of servers and clients: issuing them, and issuing them anew. */
import { createPublicKey, type KeyObject, type X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import { type Diagnostic, diagnose, fail } from '../diagnostics/diagnostic.ts'
import { readSecretTextFile } from '../files/text-file.ts'
import {
  type Authority,
  dateOf,
  type Issued,
  loadAuthority,
  readCertificate,
  requireCertificateParts,
} from './authority.ts'
import { keyIdOf, signCertificate } from './certificate-builder.ts'
import {
  type EndpointRole,
  encodeAlternativeNames,
  endpointExtensions,
} from './certificate-extensions.ts'
import { type CredentialFile, withCredentialLock, writeCredentials } from './credential-writing.ts'
import { type HostName, hostOfCommonName } from './host-names.ts'
import { generateKey, type KeyRequest } from './key-kind.ts'
import { chooseKeyKind, requireStrongKey, type Strength } from './key-strength.ts'
import type { IdentityNumber, Layout, PairPaths, PresentPair } from './layout.ts'
import { PKI_KINDS } from './pki-diagnostics.ts'
import { encodePrivateKey, isKeyFileEncrypted, readPrivateKey } from './private-key-file.ts'
import { encodeSubject, MAX_NAME_LENGTH } from './subject-name.ts'
import { DEFAULT_DAYS, daysOf, validFor, withinIssuer } from './validity-period.ts'

/** What to do about a key that is too weak. */
export const NEW_KEY = 'make a new key: cryptopolicy pki renew --new-key'

/** What issuing and issuing anew have in common. */
type SigningRequest = {
  /** Where the authority is. */
  readonly layout: Layout
  /** Where the files go; where the authority is unless given. */
  readonly out?: Layout
  readonly strength: Strength
  readonly days?: number
  readonly key?: KeyRequest
  /** Of the key of the authority. */
  readonly passphrase?: string
  readonly now?: Date
}

export type IssueRequest = SigningRequest & {
  readonly role: EndpointRole
  readonly identity?: IdentityNumber
  readonly organization?: string
  /** By default the first of the host names. */
  readonly commonName?: string
  readonly hosts: readonly HostName[]
  /** Encrypts the new key. */
  readonly keyPassphrase?: string
  readonly force?: boolean
}

export type RenewRequest = SigningRequest & {
  readonly pair: PresentPair
  /** Make a new key; it is kept otherwise. A request for a kind of key asks for a new one too. */
  readonly newKey?: boolean
  /** Of the key that is there, and of the new one. */
  readonly keyPassphrase?: string
}

/**
 * Issues a certificate with a new key.
 *
 * @throws DiagnosticError PKI_..., FILE_...
 */
export function issueIdentity(request: IssueRequest): Issued {
  const { out = request.layout } = request
  return withCredentialLock(out.root, () => issueLocked(request))
}

function issueLocked(request: IssueRequest): Issued {
  const { role, strength, days = DEFAULT_DAYS, now = new Date(), force = false } = request
  const { layout, out = layout } = request
  const { commonName, hosts, notes } = completeNames(request)
  const kind = chooseKeyKind(request.key, 'endpoint', strength)
  const authority = loadAuthority(layout, { strength, passphrase: request.passphrase, now })
  const key = generateKey(kind)
  const subject = encodeSubject({ organization: request.organization, commonName })
  const names = encodeAlternativeNames(hosts)
  const content = { role, subject, names, publicKey: createPublicKey(key), days, now }
  const certificate = signFor(authority, content)
  const paths = out.pair(role, request.identity)
  const text = certificate.toString() + authority.chain
  const pair = filesOf(paths, text, encodePrivateKey(key, request.keyPassphrase))
  writeCredentials([...authorityFor(out, authority, layout), ...pair], { root: out.root, force })
  return {
    ...issued(certificate, paths, false),
    notes: [...notes, ...noteLifetime(authority, certificate, days, now)],
  }
}

/**
 * Issues a certificate anew: the same names, another serial number, a lifetime that begins now.
 *
 * @throws DiagnosticError PKI_..., FILE_...
 */
export function renewIdentity(request: RenewRequest): Issued {
  const { out = request.layout } = request
  return withCredentialLock(out.root, () => renewLocked(request))
}

function renewLocked(request: RenewRequest): Issued {
  const { pair, layout, strength, now = new Date() } = request
  const { certificate: file, key: keyFile } = pair.paths
  const old = readCertificate(file)
  const { subject, alternativeNames } = requireCertificateParts(file, old)
  const authority = loadAuthority(layout, { strength, passphrase: request.passphrase, now })
  const isKeyKept = !request.newKey && request.key === undefined
  const key = isKeyKept
    ? readKeptKey(old, request)
    : generateKey(chooseKeyKind(request.key, 'endpoint', strength))
  const days = request.days ?? daysOf(old)
  const content = { subject, names: alternativeNames, publicKey: createPublicKey(key), days, now }
  const certificate = signFor(authority, { ...content, role: pair.role })
  const text = certificate.toString() + authority.chain
  const files = filesOf(pair.paths, text, isKeyKept ? undefined : encodeNewKey(key, request))
  const { out = layout } = request
  writeCredentials([...authorityFor(out, authority, layout), ...files], {
    root: out.root,
    force: true,
  })
  const paths = { certificate: file, key: keyFile }
  return {
    ...issued(certificate, paths, isKeyKept),
    notes: noteLifetime(authority, certificate, days, now),
  }
}

type Content = {
  readonly role: EndpointRole
  readonly subject: Buffer
  readonly names: Buffer | undefined
  readonly publicKey: ReturnType<typeof createPublicKey>
  readonly days: number
  readonly now: Date
}

export function signFor(authority: Authority, content: Content): X509Certificate {
  const { role, subject, names, publicKey, days, now } = content
  const extensions = endpointExtensions({
    role,
    isRsa: publicKey.asymmetricKeyType === 'rsa',
    keyId: keyIdOf(publicKey),
    issuerKeyId: authority.parts.keyId,
    alternativeNames: names,
  })
  const validity = withinIssuer(validFor(days, now), authority.certificate)
  const issuer = authority.parts.subject
  return signCertificate({ subject, issuer, validity, publicKey, extensions }, authority.signer)
}

/** The key first: a certificate is of no use before its key is there. */
function filesOf(
  { certificate: path, key: keyPath }: PairPaths,
  text: string,
  key: string | undefined,
): readonly CredentialFile[] {
  const file = { path, text, secret: false }
  return key === undefined ? [file] : [{ path: keyPath, text: key, secret: true }, file]
}

/**
 * The certificate of the authority, for a folder that has none yet. Where there is another one, its
 * readers rely on it, so it is not replaced.
 */
export function authorityFor(
  to: Layout,
  authority: Authority,
  from: Layout,
): readonly CredentialFile[] {
  const path = to.authority.certificate
  if (!existsSync(path)) return [{ path, text: authority.pem, secret: false }]
  if (holdsCertificate(path, authority)) return []
  return fail(PKI_KINDS.otherAuthority, { path, root: from.root })
}

function holdsCertificate(path: string, authority: Authority): boolean {
  const text = readSecretTextFile(path).text
  const compact = (pem: string) => pem.replace(/\s/g, '')
  return compact(text).includes(compact(authority.certificate.toString()))
}

function issued(certificate: X509Certificate, paths: PairPaths, isKeyKept: boolean) {
  return { certificate, certificateFile: paths.certificate, keyFile: paths.key, isKeyKept }
}

/** A key that takes the place of an encrypted one is encrypted too. */
function encodeNewKey(key: KeyObject, { pair, keyPassphrase }: RenewRequest): string {
  const { key: path } = pair.paths
  const isEncrypted = existsSync(path) && isKeyFileEncrypted(path)
  if (isEncrypted && keyPassphrase === undefined) fail(PKI_KINDS.passphraseMissing, { path })
  return encodePrivateKey(key, keyPassphrase)
}

/** Where it is encrypted too, it is so with the passphrase that was given. */
function readKeptKey(old: X509Certificate, request: RenewRequest) {
  const { pair, strength, passphrase, keyPassphrase = passphrase } = request
  const { paths } = pair
  const key = readPrivateKey(paths.key, keyPassphrase)
  if (!old.checkPrivateKey(key)) fail(PKI_KINDS.keyMismatch, paths)
  requireStrongKey(key, 'endpoint', strength, NEW_KEY)
  return key
}

type Names = {
  readonly commonName: string
  readonly hosts: readonly HostName[]
  readonly notes: readonly Diagnostic[]
}

/** A server without alternative names is one whose name most clients cannot check. */
export function completeNames({
  role,
  commonName,
  hosts,
}: Pick<IssueRequest, 'role' | 'commonName' | 'hosts'>): Names {
  if (commonName === undefined) return { commonName: nameOf(role, hosts), hosts, notes: [] }
  if (role === 'client') return { commonName, hosts, notes: [] }
  const host = hostOfCommonName(commonName)
  if (hosts.length === 0) {
    if (!host) return fail(PKI_KINDS.noHostName, { commonName })
    const note = diagnose(PKI_KINDS.commonNameAdded, { commonName, kind: host.kind })
    return { commonName, hosts: [host], notes: [note] }
  }
  const isCovered = !host || hosts.some(({ value }) => value === host.value)
  const notes = isCovered ? [] : [diagnose(PKI_KINDS.commonNameIgnored, { commonName })]
  return { commonName, hosts, notes }
}

function nameOf(role: EndpointRole, [first]: readonly HostName[]): string {
  if (!first) return fail(PKI_KINDS.noName, { role })
  if (first.value.length > MAX_NAME_LENGTH) {
    return fail(PKI_KINDS.nameTooLong, { name: first.value, most: MAX_NAME_LENGTH })
  }
  return first.value
}

export function noteLifetime(
  authority: Authority,
  certificate: X509Certificate,
  days: number,
  now: Date,
): readonly Diagnostic[] {
  const { validToDate } = certificate
  if (validToDate >= validFor(days, now).notAfter) return []
  const { validToDate: end } = authority.certificate
  return [diagnose(PKI_KINDS.lifetimeCut, { date: dateOf(end), days })]
}
