/** Whether a program of this host is set up to read the file that a back-end writes. */
import { globSync, lstatSync, readdirSync, readlinkSync, realpathSync } from 'node:fs'
import { basename, join } from 'node:path'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { readTextFile } from '../files/text-file.ts'
import { backendKind } from './consumers/all-consumers.ts'
import { DEFAULT_BASE_DIR } from './directories.ts'
import { listIncluded } from './included-files.ts'

/**
 * Where distributions and administrators lead programs to the files of a policy: configuration
 * files, folders of them, and units of systemd.
 */
const CONFIGURATIONS: Readonly<Record<string, readonly string[]>> = {
  bind: ['/etc/named.conf', '/etc/named', '/etc/bind'],
  krb5: ['/etc/krb5.conf', '/etc/krb5.conf.d'],
  libreswan: ['/etc/ipsec.conf', '/etc/ipsec.d'],
  openssh: ['/etc/ssh/ssh_config', '/etc/ssh/ssh_config.d', '/usr/etc/ssh/ssh_config.d'],
  opensshserver: [
    ...['/etc/ssh/sshd_config', '/etc/ssh/sshd_config.d'],
    ...['/usr/etc/ssh/sshd_config', '/usr/etc/ssh/sshd_config.d'],
    ...['sshd.service', 'sshd@.service', 'ssh.service', 'ssh@.service'].flatMap((unit) =>
      ['/usr/lib/systemd/system', '/lib/systemd/system', '/etc/systemd/system'].flatMap(
        (folder) => [join(folder, unit), join(folder, `${unit}.d`)],
      ),
    ),
  ],
  opensslcnf: [
    ...['/etc/pki/tls/openssl.cnf', '/etc/pki/tls/openssl.d'],
    ...['/etc/ssl/openssl.cnf', '/etc/ssl/openssl.d'],
  ],
  'applications/nginx': [
    ...['/etc/nginx/nginx.conf', '/etc/nginx/conf.d', '/etc/nginx/sites-enabled'],
  ],
  'applications/apache': [
    ...['/etc/apache2/apache2.conf', '/etc/apache2/sites-enabled', '/etc/apache2/conf-enabled'],
    ...['/etc/apache2/mods-enabled', '/etc/httpd/conf/httpd.conf', '/etc/httpd/conf.d'],
  ],
  'applications/haproxy': [
    ...['/etc/default/haproxy', '/etc/sysconfig/haproxy', '/etc/haproxy', '/etc/haproxy/conf.d'],
    ...['/etc/systemd/system/haproxy.service', '/etc/systemd/system/haproxy.service.d'],
  ],
  'applications/dovecot': [
    ...['/etc/dovecot/dovecot.conf', '/etc/dovecot/local.conf', '/etc/dovecot/conf.d'],
  ],
  'applications/postgresql': [
    ...['/etc/postgresql/*/*/postgresql.conf', '/etc/postgresql/*/*/conf.d'],
    ...['/var/lib/pgsql/data/postgresql.conf', '/var/lib/pgsql/*/data/postgresql.conf'],
  ],
}

/**
 * Whether a configuration of the program names the back-ends of this base folder.
 *
 * Where a configuration may not be read, the programs of the host are taken to read
 * /etc/crypto-policies, and no other folder.
 *
 * @param root Below it stand the configurations.
 */
export function isReadHere(backend: string, base: string, root = '/'): boolean {
  // Distributions build GnuTLS with its path in it, and no configuration names it.
  if (backend === 'gnutls') return base === DEFAULT_BASE_DIR
  // The file of an application has to be named itself: other programs are led to other files there.
  const file = backend.startsWith('applications/') ? `${backend}.config` : ''
  const folders = [base, realPath(base)].map((path) => join(path, 'back-ends', file))
  const places = (CONFIGURATIONS[backendKind(backend)] ?? [])
    .flatMap((path) => expand(join(root, path)))
    .flatMap(listFiles)
  const search: Search = { folders, unreadable: base === DEFAULT_BASE_DIR, seen: new Set() }
  return places.some((path) => names(path, search))
}

type Search = {
  readonly folders: readonly string[]
  /** Whether a file that may not be read is taken to name them. */
  readonly unreadable: boolean
  readonly seen: Set<string>
}

/** The most files that are read: they may include each other in a circle. */
const MOST_FILES = 500

/** Whether a file, or one that it includes, names a folder of back-ends. */
function names(path: string, search: Search): boolean {
  const { folders, seen } = search
  if (seen.has(path) || seen.size >= MOST_FILES) return false
  seen.add(path)
  const target = readLink(path)
  if (target !== undefined && isBelow(join(path, '..', target), target, folders)) return true
  try {
    const { text } = readTextFile(path)
    const lines = text.split('\n').filter((line) => !line.trim().startsWith('#'))
    const used = lines.join('\n').replaceAll(/\/{2,}/g, '/')
    if (folders.some((folder) => used.includes(folder))) return true
    return listIncluded(path, used).some((included) => names(included, search))
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    return search.unreadable && error.diagnostics.every(({ code }) => code === 'FILE_UNREADABLE')
  }
}

function isBelow(relative: string, target: string, folders: readonly string[]): boolean {
  return folders.some((folder) => relative.startsWith(folder) || target.startsWith(folder))
}

function expand(path: string): readonly string[] {
  return path.includes('*') ? globSync(path) : [path]
}

/** The file itself, or all that a folder holds. */
function listFiles(path: string): readonly string[] {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (!stats?.isDirectory()) return stats ? [path] : []
  try {
    return readdirSync(path).map((name) => join(path, basename(name)))
  } catch {
    return [path]
  }
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
