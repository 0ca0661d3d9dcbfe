/** What releases of OpenSSL know, in the words of SSL_CONF_cmd(3). */

import type { MinimumKeySizes } from '../../algorithms/allowed-tls.ts'
import { findOpensslSuite } from '../../algorithms/openssl-suites.ts'
import { opensslSuiteName } from '../../algorithms/tls-suite-openssl.ts'
import type { TlsSuite } from '../../algorithms/tls-suites.ts'
import { isSince, type OpensslRelease } from '../library-releases.ts'
import { findRefusedKeys, findUnenforced } from './demands.ts'
import type { Demands, Dialect } from './dialect.ts'
import { keySizesAt, refusalsAt, requiredLevel } from './openssl-level.ts'

const VERSIONS: Readonly<Record<string, string>> = {
  'TLS1.0': 'TLSv1',
  'TLS1.1': 'TLSv1.1',
  'TLS1.2': 'TLSv1.2',
  'TLS1.3': 'TLSv1.3',
}

/** OpenSSL goes by the names of NIST; it has no curves of GOST for TLS. */
const GROUPS: Readonly<Record<string, string>> = {
  secp192r1: 'P-192',
  secp224r1: 'P-224',
  secp256r1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
  x25519: 'X25519',
  x448: 'X448',
}

/** Schemes that OpenSSL 3.0 knows only by their parts. */
const SCHEMES: Readonly<Record<string, string>> = {
  rsa_pkcs1_sha1: 'RSA+SHA1',
  dsa_sha1: 'DSA+SHA1',
  ecdsa_sha1: 'ECDSA+SHA1',
}

/**
 * A name that a release does not know makes it drop the whole list and keep its own, so every name
 * has to be known. ML-KEM and ML-DSA came with 3.5.
 */
export function opensslDialect(release: OpensslRelease): Dialect {
  const hasLattices = isSince(release, '3.5')
  return {
    contiguous: true,
    version: ({ name }) => VERSIONS[name],
    suite: (suite) => nameOf(suite),
    group: ({ name, kind }) =>
      kind === 'gost-curve' || (kind === 'hybrid' && !hasLattices)
        ? undefined
        : (GROUPS[name] ?? name),
    scheme: ({ name, key }) =>
      key === 'gost' || (key === 'ml-dsa' && !hasLattices) ? undefined : (SCHEMES[name] ?? name),
    refusals: (allowed) => [refusalsAt(requiredLevel(allowed), allowed)],
    namesOldScheme: ({ name, key }) => key !== 'dsa' && !name.endsWith('_sha1'),
    namesOldGroup: ({ kind }) => kind === 'curve',
    unenforced: (demands) => findUnenforced(demands, { keySizes: keySizesFor(demands) }),
    refusedKeys: (demands) => findRefusedKeys(demands, keySizesFor(demands)),
  }
}

/** A name that no distribution builds would be dropped, and one alone makes OpenSSL drop the list. */
function nameOf(suite: TlsSuite): string | undefined {
  const name = opensslSuiteName(suite)
  if (name === undefined || suite.keyExchange === undefined) return name
  return findOpensslSuite(name) && name
}

function keySizesFor({ allowed }: Demands): MinimumKeySizes {
  return keySizesAt(requiredLevel(allowed))
}
