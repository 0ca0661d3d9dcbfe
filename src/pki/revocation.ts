/** Revokes certificates: makes the next list of an authority and puts it where endpoints look. */
import { encodePem, readPemBlocks } from '../asn1/pem.ts'
import { fail } from '../diagnostics/diagnostic.ts'
import { readSecretTextFile } from '../files/text-file.ts'
import { type Certificate, certificateOf, parseCertificates } from '../x509/certificate.ts'
import { CREDENTIAL_LIMIT, readCredentialFile } from '../x509/credential-files.ts'
import { namesIssuer } from '../x509/issuer.ts'
import {
  isListSignedBy,
  parseRevocationLists,
  type RevocationList,
} from '../x509/revocation-list.ts'
import { isSignedBy } from '../x509/signature-checks.ts'
import { type Authority, loadAuthorities } from './authority.ts'
import { encodeEntry, type RevokedCertificate, readEntries, signList } from './certificate-list.ts'
import { withCredentialLock, writeCredentials } from './credential-writing.ts'
import type { Strength } from './key-strength.ts'
import type { Layout } from './layout.ts'
import { PKI_KINDS } from './pki-diagnostics.ts'
import type { RevocationReason } from './revocation-reasons.ts'
import { validFor } from './validity-period.ts'

export type RevocationRequest = {
  /** Where the authority is. */
  readonly layout: Layout
  /** Further folders that get the list. */
  readonly out?: readonly Layout[]
  /** Files of certificates: the first of each is revoked. With none, the lists are only renewed. */
  readonly certificates: readonly string[]
  /** Serial numbers in hexadecimal, for certificates of which there is no copy. */
  readonly serials?: readonly string[]
  readonly reason?: RevocationReason
  /** After how many days a newer list is due. */
  readonly days?: number
  readonly strength: Strength
  readonly passphrase?: string
  readonly now?: Date
}

export type RevocationChange = {
  readonly paths: readonly string[]
  readonly lists: readonly {
    readonly issuer: string
    readonly number: string
    readonly thisUpdate: Date
    readonly nextUpdate: Date
    /** Serial numbers that are new on the list, and how many there are in all. */
    readonly added: readonly string[]
    readonly count: number
  }[]
}

/** As long as a host may be without a newer list before it warns. */
const DEFAULT_LIST_DAYS = 30

/**
 * Makes a list anew for each authority of a folder, with the certificates that are revoked.
 *
 * @throws DiagnosticError PKI_..., TLS_..., FILE_...
 */
export function revokeCertificates(request: RevocationRequest): RevocationChange {
  return withCredentialLock(request.layout.root, () => revokeLocked(request))
}

function revokeLocked(request: RevocationRequest): RevocationChange {
  const { layout, out = [], strength, passphrase, now = new Date() } = request
  const authorities = loadAuthorities(layout, { strength, passphrase, now })
  const revoked = collectRevoked(request, authorities)
  const before = readLists(layout.revocationList)
  const lists = authorities.map((authority) =>
    nextList(authority, before, revoked.get(authority) ?? [], request),
  )
  // Lists of other authorities stay as they are.
  const others = before.filter(({ list }) => !authorities.some((one) => isOf(list, one)))
  const text = [...lists.map(({ pem }) => pem), ...others.map(({ pem }) => pem)].join('')
  // A longer one would be refused by every reader, this command too.
  if (text.length > CREDENTIAL_LIMIT) {
    fail(PKI_KINDS.listTooLarge, { path: layout.revocationList, limit: CREDENTIAL_LIMIT })
  }
  const paths = [layout, ...out].map(({ revocationList }) => revocationList)
  for (const path of new Set(paths)) {
    writeCredentials([{ path, text, secret: false }], { root: request.layout.root, force: true })
  }
  return { paths, lists: lists.map(({ facts }) => facts) }
}

/** The certificates that are to be revoked, by the authority that issued them. */
function collectRevoked(
  { certificates, serials = [], reason = 'unspecified' }: RevocationRequest,
  authorities: readonly Authority[],
): ReadonlyMap<Authority, readonly RevokedCertificate[]> {
  const revoked = new Map<Authority, RevokedCertificate[]>()
  const add = (authority: Authority, serial: string) => {
    const known = revoked.get(authority) ?? []
    known.push({ serial, reason })
    revoked.set(authority, known)
  }
  for (const path of certificates) {
    const [certificate] = parseCertificates(readSecretTextFile(path))
    if (!certificate) continue
    const issuer = authorities.find((one) => isIssuedBy(certificate, one))
    if (issuer) add(issuer, certificate.x509.serialNumber)
    else fail(PKI_KINDS.foreignCertificate, { path, subject: certificate.subject })
  }
  const [present] = authorities
  for (const serial of serials) if (present) add(present, parseSerial(serial))
  return revoked
}

function isIssuedBy(certificate: Certificate, { certificate: x509 }: Authority): boolean {
  const authority = certificateOf(x509, { file: '', index: 0 })
  return namesIssuer(certificate, authority) && isSignedBy(certificate, authority)
}

/** As `openssl x509 -serial` and certtool print it: in hexadecimal, with colons or not. */
function parseSerial(text: string): string {
  const hex = text.replace(/^0x/i, '').replaceAll(':', '')
  const isSerial = /^[0-9A-Fa-f]{1,40}$/.test(hex)
  return isSerial ? hex.toUpperCase() : fail(PKI_KINDS.serialInvalid, { text })
}

type ListBefore = {
  readonly list: RevocationList
  readonly raw: Buffer
  readonly pem: string
}

function readLists(path: string): readonly ListBefore[] {
  const source = readCredentialFile(path)
  if (!source) return []
  const blocks = readPemBlocks(source, ['X509 CRL', 'CRL'], 'revocation list')
  return parseRevocationLists(source).map((list, index) => {
    const raw = blocks[index]?.bytes ?? Buffer.alloc(0)
    return { list, raw, pem: encodePem('X509 CRL', raw) }
  })
}

/** Whether an authority made a list. One of its name that it did not sign is not gone on with. */
function isOf(list: RevocationList, { certificate }: Authority): boolean {
  const authority = certificateOf(certificate, { file: '', index: 0 })
  if (!list.issuerName.equals(authority.link.subject)) return false
  if (isListSignedBy(list, authority)) return true
  return fail(PKI_KINDS.foreignList, { path: list.place.file, issuer: list.issuer })
}

function nextList(
  authority: Authority,
  all: readonly ListBefore[],
  revoked: readonly RevokedCertificate[],
  { days = DEFAULT_LIST_DAYS, now = new Date() }: RevocationRequest,
) {
  const before = all.filter(({ list }) => isOf(list, authority))
  const known = new Set(before.flatMap(({ list }) => [...list.revoked]))
  const added = revoked.filter(({ serial }) => {
    const number = serial.replace(/^0+/, '')
    const isNew = !known.has(number)
    known.add(number)
    return isNew
  })
  const number = 1n + before.reduce((most, { list }) => maximum(most, list.number ?? 0n), 0n)
  const { thisUpdate, nextUpdate } = timesOf(before, days, now)
  const entries = [
    ...before.flatMap(({ raw }) => readEntries(raw)),
    ...added.map((one) => encodeEntry(one, thisUpdate)),
  ]
  const { subject: issuer, keyId: issuerKeyId } = authority.parts
  const content = { issuer, issuerKeyId, thisUpdate, nextUpdate, number, entries }
  const facts = {
    issuer: certificateOf(authority.certificate, { file: '', index: 0 }).subject,
    number: String(number),
    thisUpdate,
    nextUpdate,
    added: added.map(({ serial }) => serial),
    count: entries.length,
  }
  return { pem: signList(content, authority.signer), facts }
}

/**
 * The time of the new list. It is not before that of the old list, even if the clock has gone back:
 * servers refuse an older list.
 */
function timesOf(before: readonly ListBefore[], days: number, now: Date) {
  const last = Math.max(0, ...before.map(({ list }) => list.thisUpdate.getTime()))
  const thisUpdate = new Date(Math.max(Math.floor(now.getTime() / 1000) * 1000, last))
  return { thisUpdate, nextUpdate: validFor(days, thisUpdate).notAfter }
}

function maximum(one: bigint, other: bigint): bigint {
  return one > other ? one : other
}
