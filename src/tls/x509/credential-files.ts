/** The files of a folder of X.509 credentials, named and read as QEMU does. */
import type { KeyObject } from 'node:crypto'
import type { Diagnostic } from '../../diagnostics/diagnostic.ts'
import type { TlsRole } from '../negotiable.ts'
import type { Certificate } from './certificate.ts'
import type { RevocationList } from './revocation-list.ts'

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
  /** Files that were read: what a watcher has to watch, with those that were not there. */
  readonly paths: readonly string[]
  /** Never errors: file modes, a passphrase that is not needed. */
  readonly warnings: readonly Diagnostic[]
}

export type X509FilesOptions = {
  /** What the private keys are encrypted with. */
  readonly passphrase?: string
}

/**
 * Reads the files of a folder. All of them are read before any is looked at, so that a set
 * replaced meanwhile is noticed by key and certificate not matching.
 *
 * @throws DiagnosticError with every refusal.
 */
export function readX509Files(
  _dir: string,
  _role: TlsRole,
  _options: X509FilesOptions = {},
): X509Files {
  throw new Error('not there yet')
}
