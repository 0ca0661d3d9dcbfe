/** The credentials that an NBD URI describes, or those of libnbd's folders where it describes none. */
import { existsSync } from 'node:fs'
import { userInfo } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fail } from '../diagnostics/diagnostic.ts'
import type { NbdUri, UriTls } from '../nbd/client/nbd-uri.ts'
import { CLI_KINDS } from './cli-diagnostics.ts'

/** The id of credentials that a URI describes. */
export const URI_CREDENTIALS = 'of-the-uri'

/**
 * The object for what a URI says of TLS. `tls-type` decides; without it a file of shared keys comes
 * before a folder of certificates, as in libnbd.
 */
export function credentialsOfUri(uri: NbdUri): string | undefined {
  const { type, pskFile, certificates } = uri.tls
  if (type === 'anon') return define('tls-creds-anon', {})
  if (type === 'psk' || (type === undefined && pskFile !== undefined)) return sharedKey(uri)
  return certificates === undefined ? undefined : x509(certificates, uri.tls)
}

/**
 * The object for the first of libnbd's folders that has an authority, for a URI that wants
 * certificates and names no folder.
 */
export function defaultCredentials(
  { tls }: NbdUri,
  tell: (line: string) => void,
): string | undefined {
  const dir = libnbdFolders().find((folder) => existsSync(join(folder, 'ca-cert.pem')))
  if (dir === undefined) return undefined
  tell(`the certificates for TLS are those in ${dir}`)
  return x509(dir, tls)
}

/** Root has the folder of the host; other users have folders of their own. */
function libnbdFolders(): readonly string[] {
  if (process.geteuid?.() === 0) return ['/etc/pki/libnbd']
  const { HOME } = process.env
  return HOME ? [join(HOME, '.pki/libnbd'), join(HOME, '.config/pki/libnbd')] : []
}

function x509(dir: string, { verifyPeer }: UriTls): string {
  const verify = verifyPeer === undefined ? {} : { 'verify-peer': verifyPeer }
  return define('tls-creds-x509', { dir, ...verify })
}

/** A shared key has no default: without its file it cannot be used. */
function sharedKey({ text, tls }: NbdUri): string {
  const { pskFile, username = localUser(text) } = tls
  if (pskFile === undefined) {
    const what = `${text}: tls-type=psk without a file of keys`
    return fail(CLI_KINDS.missingOption, { what, hint: 'add tls-psk-file=FILE' })
  }
  const file = basename(pskFile)
  const renamed = file === 'keys.psk' ? {} : { 'x-file': file }
  return define('tls-creds-psk', { dir: dirname(pskFile), username, ...renamed })
}

/** Some users have a number and no name. */
function localUser(text: string): string {
  try {
    return userInfo().username
  } catch {
    const what = `${text}: the user of the shared key`
    return fail(CLI_KINDS.missingOption, { what, hint: 'add tls-username=USER' })
  }
}

function define(type: string, properties: Readonly<Record<string, string | boolean>>): string {
  return JSON.stringify({
    'qom-type': type,
    id: URI_CREDENTIALS,
    endpoint: 'client',
    ...properties,
  })
}
