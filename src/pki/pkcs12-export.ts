/** Puts a certificate, its key and all that peers need beside them into a PKCS #12 file. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { fail } from '../diagnostics/diagnostic.ts'
import { readSecretTextFile } from '../files/text-file.ts'
import { type Certificate, parseCertificates } from '../x509/certificate.ts'
import { withCredentialLock, writeCredentials } from './credential-writing.ts'
import type { PairPaths } from './layout.ts'
import { encodePkcs12 } from './pkcs12/container-writing.ts'
import { PKI_KINDS } from './pki-diagnostics.ts'
import { readPrivateKey } from './private-key-file.ts'

export type Pkcs12ExportRequest = {
  readonly pair: PairPaths
  /** Certificates of authorities, put beside the chain; may be missing. */
  readonly authorityFile: string
  /** Where it goes. */
  readonly path: string
  readonly passphrase: string
  /** Of the key that is read. */
  readonly keyPassphrase?: string
  readonly force?: boolean
}

export type Exported = {
  readonly path: string
  /** The first is that of the key. */
  readonly certificates: readonly Certificate[]
}

/**
 * Writes a PKCS #12 file, readable by its owner alone.
 *
 * @throws DiagnosticError PKI_..., FILE_...
 */
export function exportPkcs12(request: Pkcs12ExportRequest): Exported {
  const { pair, path, passphrase, force = false } = request
  const chain = parseCertificates(readSecretTextFile(pair.certificate))
  const key = readPrivateKey(pair.key, request.keyPassphrase)
  // The file of an authority may have the one before it too.
  const own = chain.find(({ x509 }) => x509.checkPrivateKey(key))
  if (!own) return fail(PKI_KINDS.keyMismatch, pair)
  const certificates = distinct([own, ...chain, ...authoritiesOf(request)])
  const parts = {
    certificates: certificates.map(({ x509 }) => x509.raw),
    key: key.export({ type: 'pkcs8', format: 'der' }),
    keyId: createHash('sha256').update(own.x509.raw).digest().subarray(0, 20),
    name: own.subject,
  }
  const file = { path, text: encodePkcs12(parts, passphrase), secret: true }
  withCredentialLock(dirname(path), () => writeCredentials([file], { root: dirname(path), force }))
  return { path, certificates }
}

function authoritiesOf({ authorityFile: path }: Pkcs12ExportRequest): readonly Certificate[] {
  return existsSync(path) ? parseCertificates(readSecretTextFile(path)) : []
}

function distinct(certificates: readonly Certificate[]): readonly Certificate[] {
  const byPrint = new Map(certificates.map((one) => [one.x509.fingerprint256, one]))
  return [...byPrint.values()]
}
