/** `cryptopolicy/pki`: certificates and shared keys as strong as a priority string asks, and their check. */
import { requireName, requireString } from '../arguments/single-values.ts'
import { type AuthorityRequest, createAuthority as create, type Issued } from '../pki/authority.ts'
import {
  type IssueRequest,
  issueIdentity as issue,
  type RenewRequest,
  renewIdentity as renew,
} from '../pki/certificate-issuance.ts'
import {
  type CheckReport,
  type CheckRequest,
  checkCredentials as check,
} from '../pki/credential-check.ts'
import {
  type HostName,
  parseAddress as readAddress,
  parseDnsName as readDnsName,
} from '../pki/host-names.ts'
import {
  formatKeyKind as formatKind,
  type KeyKind,
  type KeyRequest,
  parseKeyRequest as readKeyRequest,
} from '../pki/key-kind.ts'
import {
  layoutAt as at,
  findLayout as find,
  type Layout,
  listPairs as list,
  type PresentPair,
} from '../pki/layout.ts'
import type { LayoutName } from '../pki/layout-names.ts'
import { type PskChange, type PskRequest, replacePsk as replace } from '../pki/psk-file.ts'
import {
  checkAuthorityRequest,
  checkCheckRequest,
  checkIssueRequest,
  checkKeyKind,
  checkLayout,
  checkLayoutName,
  checkPskRequest,
  checkRenewRequest,
} from './pki-arguments.ts'

export type { EndpointRole } from '../pki/certificate-extensions.ts'
export type { CheckedCertificate } from '../pki/credential-check.ts'
export type { CurveName, KeyType } from '../pki/key-kind.ts'
export type { Strength } from '../pki/key-strength.ts'
export type { IdentityNumber, PairPaths } from '../pki/layout.ts'
export type { Certificate } from '../x509/certificate.ts'
export * from './priority.ts'
export type {
  AuthorityRequest,
  CheckReport,
  CheckRequest,
  HostName,
  Issued,
  IssueRequest,
  KeyKind,
  KeyRequest,
  Layout,
  LayoutName,
  PresentPair,
  PskChange,
  PskRequest,
  RenewRequest,
}

/**
 * Makes an authority: a key, and the certificate that endpoints are to trust. Both are written.
 *
 * @throws DiagnosticError where one is there already, or where the policy allows no such key;
 * LIBRARY_ARGUMENT
 */
export function createAuthority(request: AuthorityRequest): Issued {
  return create(checkAuthorityRequest(request, 'request'))
}

/**
 * Makes a key, and a certificate that the authority of `request.layout` signs. Both are written.
 *
 * @throws DiagnosticError with the code of what is wrong; LIBRARY_ARGUMENT
 */
export function issueIdentity(request: IssueRequest): Issued {
  return issue(checkIssueRequest(request, 'request'))
}

/**
 * Replaces a certificate by a new one for the same names, and its key where that is asked for.
 *
 * @throws DiagnosticError with the code of what is wrong; LIBRARY_ARGUMENT
 */
export function renewIdentity(request: RenewRequest): Issued {
  return renew(checkRenewRequest(request, 'request'))
}

/**
 * Whether endpoints could use what is in a folder, and until when. What is wrong is in the report.
 *
 * @throws DiagnosticError LIBRARY_ARGUMENT
 */
export function checkCredentials(request: CheckRequest): CheckReport {
  return check(checkCheckRequest(request, 'request'))
}

/**
 * Gives a user a new shared key in `keys.psk`; those of others stay.
 *
 * @throws DiagnosticError with the code of what is wrong; LIBRARY_ARGUMENT
 */
export function replacePsk(request: PskRequest): PskChange {
  return replace(checkPskRequest(request, 'request'))
}

/**
 * Where the files of QEMU or of libvirt are, below a folder.
 *
 * @throws DiagnosticError LIBRARY_ARGUMENT
 */
export function layoutAt(name: LayoutName, root: string): Layout {
  checkLayoutName(name, 'name')
  return at(name, requireName(root, 'root'))
}

/**
 * The layout of what is in a folder.
 *
 * @throws DiagnosticError with the code of what is wrong; LIBRARY_ARGUMENT
 */
export function findLayout(root: string): Layout {
  return find(requireName(root, 'root'))
}

/**
 * The certificates and keys of endpoints that are there.
 *
 * @throws DiagnosticError LIBRARY_ARGUMENT
 */
export function listPairs(layout: Layout): readonly PresentPair[] {
  return list(checkLayout(layout, 'layout'))
}

/**
 * Checks a DNS name and gives it as it stands in certificates: lower case, with A-labels.
 *
 * @throws DiagnosticError PKI_DNS_INVALID, LIBRARY_ARGUMENT
 */
export function parseDnsName(text: string): HostName {
  return readDnsName(requireString(text, 'text'))
}

/**
 * Checks an address.
 *
 * @throws DiagnosticError PKI_ADDRESS_INVALID, LIBRARY_ARGUMENT
 */
export function parseAddress(text: string): HostName {
  return readAddress(requireString(text, 'text'))
}

/**
 * Reads a kind of key: `rsa`, `rsa:4096`, `ecdsa:secp384r1`, `ed25519`.
 *
 * @throws DiagnosticError PKI_UNKNOWN_KEY, LIBRARY_ARGUMENT
 */
export function parseKeyRequest(text: string): KeyRequest {
  return readKeyRequest(requireString(text, 'text'))
}

/**
 * A kind of key in the words that `parseKeyRequest` reads.
 *
 * @throws DiagnosticError LIBRARY_ARGUMENT
 */
export function formatKeyKind(kind: KeyKind): string {
  return formatKind(checkKeyKind(kind, 'kind'))
}
