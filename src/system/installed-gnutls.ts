/** The GnuTLS that programs of this host use: its release, and the file that it was built to read. */
import { existsSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { readBytes } from '../files/text-file.ts'
import type { GnutlsRelease } from '../priority/releases.ts'

export type InstalledGnutls = {
  /** The file of the library. */
  readonly library: string
  /** The newest release of our tables that is not newer than it. */
  readonly release: GnutlsRelease
}

/** What Debian calls the folder of libraries of each of Node's architectures. */
const MULTIARCH: Readonly<Record<string, string>> = {
  x64: 'x86_64-linux-gnu',
  arm64: 'aarch64-linux-gnu',
  arm: 'arm-linux-gnueabihf',
  ppc64: 'powerpc64le-linux-gnu',
  riscv64: 'riscv64-linux-gnu',
  s390x: 's390x-linux-gnu',
}

/** Looks where distributions put libraries; what a user keeps elsewhere is not that of the host. */
export function findInstalledGnutls(root = '/'): InstalledGnutls | undefined {
  const link = libraryFolders()
    .map((folder) => join(root, folder, 'libgnutls.so.30'))
    .find((path) => existsSync(path))
  if (link === undefined) return undefined
  const library = realpathSync(link)
  const release = releaseOf(library)
  return release && { library, release }
}

/** Where distributions put libraries, below the root. */
export function libraryFolders(): readonly string[] {
  const multiarch = MULTIARCH[process.arch] ?? 'lib'
  return ['usr/lib64', `usr/lib/${multiarch}`, 'lib64', `lib/${multiarch}`, 'usr/lib']
}

/**
 * The name of the library ends in its age and revision: `libgnutls.so.30.34.3`. The age grows with
 * every release that adds functions.
 */
function releaseOf(library: string): GnutlsRelease | undefined {
  const [, digits] = /\.so\.30\.(\d+)\.\d+$/.exec(library) ?? []
  if (digits === undefined) return undefined
  const age = Number(digits)
  if (age < 40) return '3.7.9'
  if (age < 42) return '3.8.9'
  return age > 42 ? 'newest' : '3.8.13'
}

/** The library has about 2 MB. */
const LIBRARY_LIMIT = 67_108_864

/**
 * The configuration file that a library was built to read where no variable names another: Debian
 * builds it with /etc/gnutls/config, Fedora with that of crypto-policies. It is a string in its file.
 */
export function builtInConfigFile({ library }: InstalledGnutls): string | undefined {
  const bytes = readBytes(library, LIBRARY_LIMIT).toString('latin1')
  return /\0(\/[!-~]{1,200}(?:gnutls\/config|gnutls\.config))\0/.exec(bytes)?.[1]
}
