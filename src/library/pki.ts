/** `cryptopolicy/pki`: certificates and shared keys as strong as a priority string asks, and their check. */
import { type AuthorityRequest, createAuthority as create, type Issued } from '../pki/authority.ts'
import {
  type CheckReport,
  type CheckRequest,
  checkCredentials as check,
} from '../pki/credential-check.ts'
import {
  type IssueRequest,
  issueIdentity as issue,
  type RenewRequest,
  renewIdentity as renew,
} from '../pki/identity.ts'
import { type PskChange, type PskRequest, replacePsk as replace } from '../pki/psk-file.ts'
import { requireObject } from './arguments.ts'

export type { EndpointRole } from '../pki/certificate-extensions.ts'
export type { CheckedCertificate } from '../pki/credential-check.ts'
export { type HostName, parseAddress, parseDnsName } from '../pki/host-names.ts'
export {
  type CurveName,
  formatKeyKind,
  type KeyKind,
  type KeyRequest,
  type KeyType,
  parseKeyRequest,
} from '../pki/key-kind.ts'
export type { Strength } from '../pki/key-strength.ts'
export {
  findLayout,
  type IdentityNumber,
  type Layout,
  layoutAt,
  listPairs,
  type PairPaths,
  type PresentPair,
} from '../pki/layout.ts'
export type { LayoutName } from '../pki/layout-names.ts'
export type { Certificate } from '../x509/certificate.ts'
export * from './priority.ts'
export type {
  AuthorityRequest,
  CheckReport,
  CheckRequest,
  Issued,
  IssueRequest,
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
  return create(requireObject(request, 'request', ['layout', 'strength', 'subject']))
}

/**
 * Makes a key, and a certificate that the authority of `request.layout` signs. Both are written.
 *
 * @throws DiagnosticError with the code of what is wrong; LIBRARY_ARGUMENT
 */
export function issueIdentity(request: IssueRequest): Issued {
  return issue(requireObject(request, 'request', ['layout', 'strength', 'role', 'hosts']))
}

/**
 * Replaces a certificate by a new one for the same names, and its key where that is asked for.
 *
 * @throws DiagnosticError with the code of what is wrong; LIBRARY_ARGUMENT
 */
export function renewIdentity(request: RenewRequest): Issued {
  return renew(requireObject(request, 'request', ['layout', 'strength', 'pair']))
}

/**
 * Whether endpoints could use what is in a folder, and until when. What is wrong is in the report.
 *
 * @throws DiagnosticError LIBRARY_ARGUMENT
 */
export function checkCredentials(request: CheckRequest): CheckReport {
  return check(requireObject(request, 'request', ['root', 'strength']))
}

/**
 * Gives a user a new shared key in `keys.psk`; those of others stay.
 *
 * @throws DiagnosticError with the code of what is wrong; LIBRARY_ARGUMENT
 */
export function replacePsk(request: PskRequest): PskChange {
  return replace(requireObject(request, 'request', ['folder', 'user']))
}
