/** The certificates and keys of libvirt's layout, in the shape of those of QEMU's. */
import { existsSync } from 'node:fs'
import { DiagnosticError, diagnose, fail } from '../diagnostics/diagnostic.ts'
import { readSecretTextFile } from '../files/text-file.ts'
import { parseCertificates } from '../x509/certificate.ts'
import { readCredentialFile, type X509Files, type X509Identity } from '../x509/credential-files.ts'
import { parseRevocationLists } from '../x509/revocation-list.ts'
import type { EndpointRole } from './certificate-extensions.ts'
import type { Layout, PairPaths } from './layout.ts'
import { PKI_KINDS } from './pki-diagnostics.ts'
import { readPrivateKey } from './private-key-file.ts'

export type LibvirtFiles = Pick<X509Files, 'authorities' | 'revocationLists' | 'identities'>

/**
 * Reads what libvirt would of a role.
 *
 * @throws DiagnosticError FILE_..., PKI_... or TLS_...
 */
export function readLibvirtFiles(
  layout: Layout,
  role: EndpointRole,
  passphrase?: string,
): LibvirtFiles {
  const { certificate } = layout.authority
  const lists = readCredentialFile(layout.revocationList)
  return {
    authorities: parseCertificates(readSecretTextFile(certificate)),
    revocationLists: lists ? parseRevocationLists(lists) : [],
    identities: [readIdentity(layout.pair(role), passphrase)],
  }
}

function readIdentity(paths: PairPaths, passphrase?: string): X509Identity {
  const { certificate: certFile, key: keyFile } = paths
  const missing = [certFile, keyFile].find((path) => !existsSync(path))
  if (missing !== undefined) {
    const there = missing === certFile ? keyFile : certFile
    throw new DiagnosticError([diagnose(PKI_KINDS.halfPair, { there, missing })])
  }
  const chain = parseCertificates(readSecretTextFile(certFile))
  const key = readPrivateKey(keyFile, passphrase)
  if (!chain[0]?.x509.checkPrivateKey(key)) fail(PKI_KINDS.keyMismatch, paths)
  return { chain, key, certFile, keyFile }
}
