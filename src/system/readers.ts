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
 * Makes the question whether a configuration of a program names the back-ends of this base folder.
 *
 * Where a configuration may not be read, the programs of the host are taken to read
 * /etc/crypto-policies, and no other folder.
 *
 * @param root Below it stand the configurations. Those of a program are read once, for whatever number of
 *   applications it is asked.
 */
export function findReaders(base: string, root = '/'): (backend: string) => boolean {
  const read = new Map<string, readonly ReadFile[]>()
  const filesOf = (kind: string): readonly ReadFile[] => {
    const files = read.get(kind) ?? readConfigurations(kind, root)
    read.set(kind, files)
    return files
  }
  const bases = [base, realPath(base)]
  return (backend) => {
    // Distributions build GnuTLS with its path in it, and no configuration names it.
    if (backend === 'gnutls') return base === DEFAULT_BASE_DIR
    // The file of an application has to be named itself: other programs are led to other files there.
    const file = backend.startsWith('applications/') ? `${backend}.config` : ''
    const folders = bases.map((path) => join(path, 'back-ends', file))
    return filesOf(backendKind(backend)).some((found) => names(found, folders, base))
  }
}

/** A configuration of a program, or a file that one includes. */
type ReadFile = {
  readonly path: string
  /** Where it leads, if it is a link. */
  readonly target: string | undefined
  /** What is not a comment; empty where there is no text. */
  readonly text: string
  readonly isUnreadable: boolean
}

/** Whether a file names one of the folders, or may do so. */
function names(
  { path, target, text, isUnreadable }: ReadFile,
  folders: readonly string[],
  base: string,
): boolean {
  if (isUnreadable && base === DEFAULT_BASE_DIR) return true
  if (folders.some((folder) => text.includes(folder))) return true
  return target !== undefined && isBelow(join(path, '..', target), target, folders)
}

function readConfigurations(kind: string, root: string): readonly ReadFile[] {
  const places = (CONFIGURATIONS[kind] ?? [])
    .flatMap((path) => expand(join(root, path)))
    .flatMap(listFiles)
  const found = new Map<string, ReadFile>()
  for (const path of places) readWithIncluded(path, found)
  return [...found.values()]
}

/** The most files that are read: they may include each other in a circle. */
const MOST_FILES = 500

function readWithIncluded(path: string, found: Map<string, ReadFile>): void {
  if (found.has(path) || found.size >= MOST_FILES) return
  const file = { path, target: readLink(path), ...readUsed(path) }
  found.set(path, file)
  for (const included of listIncluded(path, file.text)) readWithIncluded(included, found)
}

function readUsed(path: string): Pick<ReadFile, 'text' | 'isUnreadable'> {
  try {
    const lines = readTextFile(path).text.split('\n')
    const used = lines.filter((line) => !line.trim().startsWith('#')).join('\n')
    return { text: used.replaceAll(/\/{2,}/g, '/'), isUnreadable: false }
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    const isUnreadable = error.diagnostics.every(({ code }) => code === 'FILE_UNREADABLE')
    return { text: '', isUnreadable }
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
