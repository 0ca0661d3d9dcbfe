/** Certificates for keys that stay at home: a request is made there, and signed where the authority is. */
import { createPublicKey } from 'node:crypto'
import { existsSync } from 'node:fs'
import { type Diagnostic, diagnose, fail } from '../diagnostics/diagnostic.ts'
import { readNamedSecretFile } from '../files/text-file.ts'
import { type Issued, loadAuthority } from './authority.ts'
import { type EndpointRole, encodeAlternativeNames } from './certificate-extensions.ts'
import { authorityFor, completeNames, noteLifetime, signFor } from './certificate-issuance.ts'
import { chooseSignature } from './certificate-signature.ts'
import { withCredentialLock, writeCredentials } from './credential-writing.ts'
import { type HostName, parseAddress, parseDnsName } from './host-names.ts'
import { generateKey, type KeyKind, type KeyRequest } from './key-kind.ts'
import { chooseKeyKind, requireStrongKey, type Strength } from './key-strength.ts'
import type { IdentityNumber, Layout } from './layout.ts'
import { PKI_KINDS } from './pki-diagnostics.ts'
import { encodePrivateKey, isKeyFileEncrypted, readPrivateKey } from './private-key-file.ts'
import { encodeRequest, readSigningRequest, type SigningRequest } from './signing-request.ts'
import { encodeSubject, parseNamePart } from './subject-name.ts'
import { DEFAULT_DAYS } from './validity-period.ts'

type Names = {
  readonly organization?: string
  readonly commonName?: string
  readonly hosts: readonly HostName[]
}

export type MakeRequest = Names & {
  readonly role: EndpointRole
  readonly identity?: IdentityNumber
  /** Where the key and the request go. */
  readonly layout: Layout
  readonly strength: Strength
  readonly key?: KeyRequest
  /** Encrypts the key. */
  readonly passphrase?: string
  readonly force?: boolean
}

export type MadeRequest = {
  readonly requestFile: string
  readonly keyFile: string
  readonly key: KeyKind
  readonly commonName: string
  readonly names: readonly string[]
  readonly notes: readonly Diagnostic[]
}

/**
 * Makes a key and a request for its certificate.
 *
 * @throws DiagnosticError PKI_..., FILE_...
 */
export function createSigningRequest(request: MakeRequest): MadeRequest {
  const { role, identity, layout, strength, organization, passphrase, force = false } = request
  const { commonName, hosts, notes } = completeNames(request)
  const kind = chooseKeyKind(request.key, 'endpoint', strength)
  const key = generateKey(kind)
  const subject = encodeSubject({ organization, commonName })
  const alternativeNames = encodeAlternativeNames(hosts)
  const content = { subject, publicKey: createPublicKey(key), alternativeNames }
  const text = encodeRequest(content, { key, signature: chooseSignature(kind, strength) })
  const { key: keyFile } = layout.pair(role, identity)
  const requestFile = layout.request(role, identity)
  const files = [
    { path: keyFile, text: encodePrivateKey(key, passphrase), secret: true },
    { path: requestFile, text, secret: false },
  ]
  withCredentialLock(layout.root, () => writeCredentials(files, { root: layout.root, force }))
  return {
    requestFile,
    keyFile,
    key: kind,
    commonName,
    names: hosts.map(({ value }) => value),
    notes,
  }
}

export type SignRequest = Names & {
  readonly role: EndpointRole
  /** The file of the request. */
  readonly path: string
  /** Give the names that the request asks for, in so far as they may stand in a certificate. */
  readonly acceptNames?: boolean
  readonly identity?: IdentityNumber
  /** Where the authority is. */
  readonly layout: Layout
  /** Where the certificate goes. */
  readonly out: Layout
  readonly strength: Strength
  readonly days?: number
  readonly passphrase?: string
  readonly force?: boolean
  readonly now?: Date
}

/**
 * Signs a request. Only its key is taken from it: names are those that the caller gives, or accepts.
 * Purposes, and that it is no authority, are as for every certificate.
 *
 * @throws DiagnosticError PKI_..., FILE_...
 */
export function signRequest(request: SignRequest): Issued {
  return withCredentialLock(request.out.root, () => signLocked(request))
}

function signLocked(request: SignRequest): Issued {
  const {
    role,
    layout,
    out,
    strength,
    days = DEFAULT_DAYS,
    now = new Date(),
    force = false,
  } = request
  const wanted = readSigningRequest(readNamedSecretFile(request.path), strength)
  requireStrongKey(wanted.publicKey, 'endpoint', strength, 'ask for a request with another key')
  const granted = grantNames(request, wanted)
  const { commonName, hosts, notes } = completeNames({ role, ...granted })
  const authority = loadAuthority(layout, { strength, passphrase: request.passphrase, now })
  const subject = encodeSubject({ organization: granted.organization, commonName })
  const names = encodeAlternativeNames(hosts)
  const { publicKey } = wanted
  const certificate = signFor(authority, { role, subject, names, publicKey, days, now })
  const paths = out.pair(role, request.identity)
  requireOwnKey(paths.key, certificate, request)
  const file = {
    path: paths.certificate,
    text: certificate.toString() + authority.chain,
    secret: false,
  }
  writeCredentials([...authorityFor(out, authority, layout), file], { root: out.root, force })
  return {
    certificate,
    certificateFile: paths.certificate,
    isKeyKept: true,
    notes: [
      ...notes,
      ...noteLeftOut(wanted, { ...granted, commonName, hosts }),
      ...noteLifetime(authority, certificate, days, now),
    ],
  }
}

/** A key that is there and readable has to be the one of the request. */
function requireOwnKey(
  path: string,
  certificate: Issued['certificate'],
  { out, role, identity }: SignRequest,
) {
  if (!existsSync(path) || isKeyFileEncrypted(path)) return
  if (!certificate.checkPrivateKey(readPrivateKey(path))) {
    fail(PKI_KINDS.keyMismatch, { certificate: out.request(role, identity), key: path })
  }
}

function grantNames(request: SignRequest, wanted: SigningRequest): Names {
  const { organization, commonName, hosts, acceptNames = false } = request
  const isNamed = commonName !== undefined || hosts.length > 0
  if (!acceptNames) {
    return isNamed ? named({ organization, commonName, hosts }) : refuseUnnamed(wanted)
  }
  const asked = {
    organization: organization ?? checkPart('--org', wanted.organization),
    commonName: commonName ?? checkPart('--cn', wanted.commonName),
    hosts: hosts.length > 0 ? hosts : wanted.names.flatMap(hostOf),
  }
  return named(asked)
}

/** Without the parts that are not there. */
function named({
  organization,
  commonName,
  hosts,
}: {
  readonly organization: string | undefined
  readonly commonName: string | undefined
  readonly hosts: readonly HostName[]
}): Names {
  return {
    ...(organization === undefined ? {} : { organization }),
    ...(commonName === undefined ? {} : { commonName }),
    hosts,
  }
}

function checkPart(option: '--cn' | '--org', text: string | undefined): string | undefined {
  return text === undefined ? undefined : parseNamePart(option, text)
}

function hostOf({ kind, value }: SigningRequest['names'][number]): readonly HostName[] {
  if (kind === 'dns') return [parseDnsName(value)]
  return kind === 'ip' ? [parseAddress(value)] : []
}

function refuseUnnamed({ path, subject, names }: SigningRequest): never {
  const hosts = names.map(({ value }) => value)
  return fail(PKI_KINDS.requestNames, { path, subject, hosts })
}

/** What the request asks for and does not get. A common name that was not given is that of the first host. */
function noteLeftOut(wanted: SigningRequest, granted: Names): readonly Diagnostic[] {
  const values = new Set(granted.hosts.map(({ value }) => value))
  const written = (value: string, kind: string) =>
    kind === 'ip' ? parseAddress(value).value : value.toLowerCase()
  const hosts = wanted.names.filter(({ kind, value }) => !values.has(written(value, kind)))
  const left = [
    ...hosts.map(({ value }) => value),
    ...unlessSame('CN', wanted.commonName, granted.commonName),
    ...unlessSame('O', wanted.organization, granted.organization),
    ...wanted.others,
  ]
  return left.length > 0 ? [diagnose(PKI_KINDS.requestLeftOut, { path: wanted.path, left })] : []
}

function unlessSame(
  word: 'CN' | 'O',
  asked: string | undefined,
  granted: string | undefined,
): readonly string[] {
  return asked === undefined || asked === granted ? [] : [`${word}=${asked}`]
}
