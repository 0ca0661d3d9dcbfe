/** The files of a folder of X.509 credentials, named and read as QEMU does. */

import type { KeyObject } from 'node:crypto'
import { join } from 'node:path'
import type { TlsRole } from '../algorithms/tls-role.ts'
import { hasPemBlock } from '../asn1/pem.ts'
import { PEM_KINDS } from '../asn1/pem-diagnostics.ts'
import { collectDiagnostics } from '../diagnostics/collect-diagnostics.ts'
import {
  type Diagnostic,
  DiagnosticError,
  type DiagnosticKind,
  diagnose,
  fail,
} from '../diagnostics/diagnostic.ts'
import type { Source } from '../diagnostics/source.ts'
import { FILE_KINDS } from '../files/file-diagnostics.ts'
import { readBytes, unlessMissing } from '../files/text-file.ts'
import { type Certificate, parseCertificates } from './certificate.ts'
import { checkKeyMode, parsePrivateKey } from './private-key.ts'
import { parseRevocationLists, type RevocationList } from './revocation-list.ts'
import { X509_KINDS } from './x509-diagnostics.ts'

/** A certificate with its key, one of those that an endpoint may choose from. */
export type X509Identity = {
  /** The endpoint's own certificate and what stands after it in its file. */
  readonly chain: readonly Certificate[]
  readonly key: KeyObject
  readonly certFile: string
  readonly keyFile: string
}

export type X509Files = {
  readonly authorities: readonly Certificate[]
  /** Servers only. */
  readonly revocationLists: readonly RevocationList[]
  /** In the order in which they are tried; none for a client that shows no certificate. */
  readonly identities: readonly X509Identity[]
  /** PEM; servers only. */
  readonly dhParameters?: string
  /** What a watcher has to watch: the files that were read and those that were not there. */
  readonly paths: readonly string[]
  /** Never errors: the modes of private keys. */
  readonly warnings: readonly Diagnostic[]
}

export type X509FilesOptions = {
  /** What the private keys are encrypted with. */
  readonly passphrase?: string
}

const CREDENTIAL_FILES = {
  authorities: 'ca-cert.pem',
  revocationLists: 'ca-crl.pem',
  dhParameters: 'dh-params.pem',
} as const

/** Beside the pair without a number. */
const NUMBERED_PAIRS = 4

/** Bundles of authorities and revocation lists grow; four times the largest in common use. */
export const CREDENTIAL_LIMIT = 4_194_304

/**
 * Reads the files of a folder. Everything is read before anything is parsed, to make the moment
 * short in which a set that is being replaced could be read half old and half new; a key and a
 * certificate of different sets are refused.
 *
 * @throws DiagnosticError with every refusal: FILE_..., TLS_PEM_..., TLS_CERTIFICATE_MALFORMED,
 *   TLS_REVOCATION_LIST_MALFORMED or TLS_CREDENTIALS_...
 */
export function readX509Files(
  dir: string,
  role: TlsRole,
  options: X509FilesOptions = {},
): X509Files {
  const folder = new Folder(dir)
  const isServer = role === 'server'
  const authorities = readAuthorities(folder)
  const lists = isServer ? folder.read(CREDENTIAL_FILES.revocationLists) : undefined
  const parameters = isServer ? folder.read(CREDENTIAL_FILES.dhParameters) : undefined
  const pairs = readPairs(folder, role)
  const { refusals } = folder
  const files = {
    authorities: refusals.collect([], () => (authorities ? parseCertificates(authorities) : [])),
    identities: pairs.flatMap((pair) => refusals.collect([], () => [openPair(pair, options)])),
    revocationLists: refusals.collect([], () => (lists ? parseRevocationLists(lists) : [])),
    ...refusals.collect({}, () => (parameters ? parseDhParameters(parameters) : {})),
    paths: folder.paths,
    warnings: pairs.flatMap(({ key }) => checkKeyMode(key.name)),
  }
  refusals.throwIfAny()
  return files
}

/** Collects all errors of the files, so that one run tells them all. */
class Refusals {
  readonly #diagnostics: Diagnostic[] = []

  get count(): number {
    return this.#diagnostics.length
  }

  add<Data>(kind: DiagnosticKind<Data>, data: Data): void {
    this.#diagnostics.push(diagnose(kind, data))
  }

  /** Gives the result of the work, or the fallback where the work is refused. */
  collect<Value>(fallback: Value, work: () => Value): Value {
    return collectDiagnostics((diagnostic) => this.#diagnostics.push(diagnostic), work) ?? fallback
  }

  throwIfAny(): void {
    if (this.#diagnostics.length > 0) throw new DiagnosticError(this.#diagnostics)
  }
}

/** Reads the files of a folder and remembers which. */
class Folder {
  readonly refusals = new Refusals()
  readonly paths: string[] = []
  readonly #dir: string

  constructor(dir: string) {
    this.#dir = dir
  }

  path(name: string): string {
    return join(this.#dir, name)
  }

  /** The text of a file, or undefined where it is not there or was refused. */
  read(name: string): Source | undefined {
    const path = this.path(name)
    this.paths.push(path)
    return this.refusals.collect(undefined, () => readCredentialFile(path))
  }
}

/**
 * The text of a file of credentials, or undefined where it is not there. Bytes one to one: what is not
 * text is refused in words when it is parsed.
 *
 * @throws DiagnosticError FILE_... where it is too large or cannot be read.
 */
export function readCredentialFile(path: string): Source | undefined {
  const bytes = unlessMissing(() => readBytes(path, CREDENTIAL_LIMIT))
  return bytes && { name: path, text: bytes.toString('latin1'), isSecret: true }
}

type Pair = { readonly certificate: Source; readonly key: Source }

/**
 * The pair without a number, then those with one up to the first that is not there. A server may
 * have any of them: QEMU does not insist on the first.
 */
function readPairs(folder: Folder, role: TlsRole): readonly Pair[] {
  const first = readPair(folder, role, '')
  const pairs: Pair[] = first.pair ? [first.pair] : []
  for (let number = 0; number < NUMBERED_PAIRS; number++) {
    const { pair, isThere } = readPair(folder, role, `-${number}`)
    if (pair) pairs.push(pair)
    if (!isThere) {
      const isNone = number === 0 && !first.isThere
      if (isNone && role === 'server') folder.refusals.add(X509_KINDS.noIdentity, first)
      break
    }
  }
  return pairs
}

type PairFiles = {
  readonly certFile: string
  readonly keyFile: string
  /** Whether there is any of the two, readable or not. */
  readonly isThere: boolean
  readonly pair?: Pair
}

function readPair(folder: Folder, role: TlsRole, suffix: string): PairFiles {
  const names = [`${role}-cert${suffix}.pem`, `${role}-key${suffix}.pem`] as const
  const [certFile, keyFile] = [folder.path(names[0]), folder.path(names[1])]
  const { refusals } = folder
  const refusedBefore = refusals.count
  const [certificate, key] = [folder.read(names[0]), folder.read(names[1])]
  const isRefused = refusals.count > refusedBefore
  if (certificate && key) return { certFile, keyFile, isThere: true, pair: { certificate, key } }
  if (!isRefused && certificate) refusals.add(X509_KINDS.noKey, { certFile, keyFile })
  if (!isRefused && key) refusals.add(X509_KINDS.noCertificate, { certFile, keyFile })
  return { certFile, keyFile, isThere: isRefused || Boolean(certificate ?? key) }
}

function readAuthorities(folder: Folder): Source | undefined {
  const { refusals } = folder
  const source = folder.read(CREDENTIAL_FILES.authorities)
  if (source || refusals.count > 0) return source
  const path = folder.path(CREDENTIAL_FILES.authorities)
  const hint = 'put the certificates of the authorities that are trusted there'
  refusals.add(FILE_KINDS.missing, { path, hint })
  return undefined
}

function openPair({ certificate, key }: Pair, { passphrase }: X509FilesOptions): X509Identity {
  const chain = parseCertificates(certificate)
  const privateKey = parsePrivateKey(key, passphrase)
  const files = { certFile: certificate.name, keyFile: key.name }
  if (!chain[0]?.x509.checkPrivateKey(privateKey)) fail(X509_KINDS.keyMismatch, files)
  return { chain, key: privateKey, ...files }
}

function parseDhParameters(source: Source): { dhParameters: string } {
  if (hasPemBlock(source, 'DH PARAMETERS')) return { dhParameters: source.text }
  const found = 'it has no such PEM block'
  return fail(PEM_KINDS.missing, { file: source.name, what: 'DH PARAMETERS', found })
}
