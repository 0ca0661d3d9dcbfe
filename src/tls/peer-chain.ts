/** The certificates that a peer sent, and nothing that OpenSSL found elsewhere. */

import type { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { RecentlyUsed } from '../cache/recently-used.ts'
import { type Certificate, certificateOf } from '../x509/certificate.ts'
import { MAX_CHAIN } from '../x509/chain-search.ts'
import { PEER } from '../x509/x509-diagnostics.ts'

/** How many certificates are remembered: those of peers that connect again and again. */
const MAX_KNOWN = 256

const known = new RecentlyUsed<Certificate>(MAX_KNOWN)

/**
 * The chain as it was sent, the peer's own certificate first; empty where there is none. The
 * context of a socket trusts no authority, so OpenSSL has nothing of its own to add.
 *
 * @throws DiagnosticError where a certificate is malformed.
 */
export function readPeerChain(socket: TLSSocket): readonly Certificate[] {
  const chain: Certificate[] = []
  let next = socket.getPeerX509Certificate()
  // One more than is accepted says that there are too many.
  while (next && chain.length <= MAX_CHAIN) {
    chain.push(recall(next, chain.length))
    next = next.issuerCertificate
  }
  return chain
}

/** Reading a certificate takes longer than looking it up by its digest. */
function recall(x509: X509Certificate, index: number): Certificate {
  return known.get(keyOf(x509, index)) ?? certificateOf(x509, { file: PEER, index })
}

/**
 * Remembers a chain that was verified. What strangers send is not kept: a certificate with thousands of
 * names takes megabytes.
 */
export function rememberPeerChain(chain: readonly Certificate[]): void {
  for (const [index, certificate] of chain.entries()) {
    known.keep(keyOf(certificate.x509, index), certificate)
  }
}

function keyOf(x509: X509Certificate, index: number): string {
  return `${index} ${x509.fingerprint256}`
}
