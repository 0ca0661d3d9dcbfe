/** Takes a certificate, its key and the authorities above it out of a PKCS #12 file. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import {
  type Diagnostic,
  DiagnosticError,
  diagnose,
  fail,
  hasErrors,
} from '../diagnostics/diagnostic.ts'
import { readNamedBytes, readTextFile } from '../files/text-file.ts'
import { type Certificate, certificateOf, parseCertificates } from '../x509/certificate.ts'
import { isSame, isSelfIssued, namesIssuer } from '../x509/issuer.ts'
import { checkOwnCertificates } from '../x509/sanity-check.ts'
import { isSignedBy } from '../x509/signature-checks.ts'
import { type Issued, NEW_AUTHORITY, requireFitness } from './authority.ts'
import type { EndpointRole } from './certificate-extensions.ts'
import { type CredentialFile, withCredentialLock, writeCredentials } from './credential-writing.ts'
import { requireStrongKey, type Strength } from './key-strength.ts'
import type { IdentityNumber, Layout } from './layout.ts'
import { openPkcs12, type Pkcs12Content } from './pkcs12/container-reading.ts'
import { PKCS12_KINDS } from './pkcs12/pkcs12-diagnostics.ts'
import { PKI_KINDS } from './pki-diagnostics.ts'
import { encodePrivateKey } from './private-key-file.ts'

export type ImportRequest = {
  readonly role: EndpointRole | 'authority'
  readonly identity?: IdentityNumber
  /** The PKCS #12 file. */
  readonly path: string
  /** Of that file. */
  readonly passphrase?: string
  /** Encrypts the key that is written. */
  readonly keyPassphrase?: string
  readonly layout: Layout
  readonly strength: Strength
  readonly force?: boolean
  readonly now?: Date
}

/** Endpoints follow no longer ways; each step costs signatures. */
const MAX_ABOVE = 10

/** Certificates by what they are for. */
type Sorted = {
  readonly key: KeyObject
  readonly own: Certificate
  /** From the one that issued it upwards. */
  readonly above: readonly Certificate[]
  readonly unrelated: readonly Certificate[]
}

/**
 * Writes what a PKCS #12 file holds where QEMU and libvirt look for it. What the policy forbids, or
 * no endpoint would load, is not written.
 *
 * @throws DiagnosticError PKI_..., TLS_..., FILE_...
 */
export function importPkcs12(request: ImportRequest): Issued {
  const { path, passphrase, layout } = request
  const content = openPkcs12(path, readNamedBytes(path), passphrase)
  const sorted = sort(path, content)
  return withCredentialLock(layout.root, () => writeImported(request, content, sorted))
}

function writeImported(request: ImportRequest, content: Pkcs12Content, sorted: Sorted): Issued {
  const { role, identity, layout, path, force = false } = request
  const { own, key } = sorted
  const findings = checkImported(request, sorted)
  if (hasErrors(findings)) throw new DiagnosticError(findings)
  const paths = role === 'authority' ? layout.authority : layout.pair(role, identity)
  const text = encodePrivateKey(key, request.keyPassphrase)
  writeCredentials([{ path: paths.key, text, secret: true }, ...filesOf(request, sorted)], {
    root: layout.root,
    force,
  })
  const left = [...content.others, ...sorted.unrelated.map(({ subject }) => subject)]
  const notes = left.length > 0 ? [diagnose(PKCS12_KINDS.leftOut, { path, left })] : []
  return {
    certificate: own.x509,
    certificateFile: paths.certificate,
    keyFile: paths.key,
    isKeyKept: false,
    notes: [...content.notes, ...findings, ...notes],
  }
}

function filesOf(request: ImportRequest, { own, above }: Sorted): readonly CredentialFile[] {
  const { role, identity, layout } = request
  const { certificate: authorityFile } = layout.authority
  if (role === 'authority') {
    return [{ path: authorityFile, text: pemOf([own, ...above]), secret: false }]
  }
  const below = above.filter((one) => !isSelfIssued(one))
  const { certificate } = layout.pair(role, identity)
  const file = { path: certificate, text: pemOf([own, ...below]), secret: false }
  if (existsSync(authorityFile)) return [file]
  return [{ path: authorityFile, text: pemOf(above.filter(isSelfIssued)), secret: false }, file]
}

function pemOf(certificates: readonly Certificate[]): string {
  return certificates.map(({ x509 }) => x509.toString()).join('')
}

/** As `pki check` would find it, before anything is written. */
function checkImported(request: ImportRequest, { own, above, key }: Sorted): readonly Diagnostic[] {
  const { role, strength, path, now = new Date() } = request
  if (role === 'authority') {
    requireFitness(path, own.x509, now)
    requireStrongKey(key, 'authority', strength, NEW_AUTHORITY)
    return []
  }
  requireStrongKey(key, 'endpoint', strength, 'import one with another key')
  const chain = [own, ...above.filter((one) => !isSelfIssued(one))]
  const authorities = authoritiesFor(request, above)
  const { evaluation } = strength
  return checkOwnCertificates({ role, chain, authorities, revocationLists: [], evaluation, now })
}

/**
 * The authorities that the endpoint is to trust: those of its folder, else the root of the file. An
 * import never adds trust to a folder that has it.
 */
function authoritiesFor({ layout, path }: ImportRequest, above: readonly Certificate[]) {
  const { certificate: file } = layout.authority
  if (existsSync(file)) {
    const present = parseCertificates(readTextFile(file))
    const root = above.find(isSelfIssued)
    const isTrusted = !root || present.some((one) => isSame(one, root))
    return isTrusted ? present : fail(PKI_KINDS.otherAuthority, { path: file, root: path })
  }
  const roots = above.filter(isSelfIssued)
  return roots.length > 0 ? roots : fail(PKCS12_KINDS.noAuthority, { path, file })
}

function sort(path: string, { certificates, keys }: Pkcs12Content): Sorted {
  const [bytes] = keys
  if (!bytes || keys.length > 1) return fail(PKCS12_KINDS.keyCount, { path, count: keys.length })
  const key = keyOf(path, bytes)
  const all = certificates.map((raw, index) => parse(path, raw, index))
  const own = all.find(({ x509 }) => x509.checkPrivateKey(key))
  if (!own) return fail(PKCS12_KINDS.noCertificate, { path })
  const above = chainAbove(own, all)
  const related = [own, ...above]
  const unrelated = all.filter((one) => !related.some((known) => isSame(known, one)))
  return { key, own, above, unrelated }
}

function chainAbove(own: Certificate, all: readonly Certificate[]): readonly Certificate[] {
  const chain = [own]
  for (let child = own; !isSelfIssued(child) && chain.length <= MAX_ABOVE; ) {
    const below = child
    const issuer = all.find(
      (one) => namesIssuer(below, one) && !chain.includes(one) && isSignedBy(below, one),
    )
    if (!issuer) break
    chain.push(issuer)
    child = issuer
  }
  return chain.slice(1)
}

function keyOf(path: string, key: Buffer): KeyObject {
  try {
    return createPrivateKey({ key, format: 'der', type: 'pkcs8' })
  } catch {
    return fail(PKI_KINDS.keyUnreadable, { path })
  }
}

function parse(path: string, raw: Buffer, index: number): Certificate {
  try {
    return certificateOf(new X509Certificate(raw), { file: path, index })
  } catch (error) {
    if (error instanceof DiagnosticError) throw error
    return fail(PKI_KINDS.certificateMalformed, { path })
  }
}
