/** Rows of tables by the numbers that are seen on the wire. */
import {
  TLS_SIGNATURE_SCHEMES,
  type TlsSignatureScheme,
} from '../../src/algorithms/tls-signatures.ts'
import { TLS_VERSIONS, type TlsVersion } from '../../src/algorithms/tls-versions.ts'

export function findTlsSignatureScheme(number: number): TlsSignatureScheme | undefined {
  return TLS_SIGNATURE_SCHEMES.find((scheme) => scheme.number === number)
}

export function findTlsVersion(number: number): TlsVersion | undefined {
  return TLS_VERSIONS.find((version) => version.number === number)
}
