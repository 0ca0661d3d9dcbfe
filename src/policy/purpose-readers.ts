/** Where a policy is looked at: each purpose of a back-end, and the baseline for everything else. */
import type { PropertyName } from './properties.ts'
import {
  NO_SCOPES,
  PURPOSE_NAMES,
  type PurposeName,
  purpose,
  type ScopeSet,
  TLS_PURPOSES,
} from './scope.ts'

export type PlaceName = PurposeName | 'baseline'

/** The baseline first, then the purposes in the order of a policy dump. */
export const PLACE_NAMES: readonly PlaceName[] = ['baseline', ...PURPOSE_NAMES]

/** The scopes that are asked for at a place. */
export function scopesAt(place: PlaceName): ScopeSet {
  return place === 'baseline' ? NO_SCOPES : purpose(place).scopes
}

const TLS: readonly PurposeName[] = TLS_PURPOSES
const SSH: readonly PurposeName[] = ['libssh', 'openssh', 'openssh-client', 'openssh-server']
const OPENPGP: readonly PurposeName[] = ['sequoia', 'rpm']
const PKCS12: readonly PurposeName[] = ['nss-pkcs12', 'nss-pkcs12-import']
const SMIME: readonly PurposeName[] = ['nss-smime', 'nss-smime-import']

/** The purposes for which a back-end reads each property; elsewhere its value changes nothing. */
const READERS: { readonly [Name in PropertyName]: readonly PurposeName[] } = {
  cipher: [...TLS, 'krb5', 'libreswan', ...SSH, ...PKCS12, ...SMIME, ...OPENPGP],
  group: [...TLS, 'bind', 'libreswan', ...SSH, ...OPENPGP],
  hash: [...TLS, 'bind', 'krb5', ...SSH, ...PKCS12, ...OPENPGP],
  key_exchange: [...TLS, ...SSH, ...SMIME],
  mac: [...TLS, 'krb5', 'libreswan', ...SSH, ...PKCS12],
  protocol: [...TLS, 'libreswan'],
  sign: [...TLS, 'bind', 'libreswan', ...SSH, 'nss-smime', ...OPENPGP],
  arbitrary_dh_groups: SSH,
  min_dh_size: [...TLS, 'krb5'],
  min_dsa_size: ['java-tls', 'nss-tls', ...OPENPGP],
  min_rsa_size: [...TLS, 'openssh', 'openssh-client', 'openssh-server', ...OPENPGP],
  sha1_in_certs: ['gnutls'],
  ssh_certs: SSH,
  min_ec_size: ['java-tls'],
  __openssl_block_sha1_signatures: ['openssl'],
  etm: SSH,
  __ems: ['gnutls', 'nss-tls', 'openssl'],
}

/** The purposes for which a back-end reads a property, in the order of a policy dump. */
export function readersOf(property: PropertyName): readonly PurposeName[] {
  return PURPOSE_NAMES.filter((name) => READERS[property].includes(name))
}

/**
 * Purposes where two programs agree on what both allow, so that an attacker may talk them down.
 * Elsewhere (files, packages, zones) a program only accepts what its maker chose.
 */
export const NEGOTIATED_PURPOSES: readonly PurposeName[] = [...TLS, 'krb5', 'libreswan', ...SSH]
