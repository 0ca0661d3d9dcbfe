/** Where a host keeps its policies and what is compiled of them. */
import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

export const DEFAULT_BASE_DIR = '/etc/crypto-policies'
const DEFAULT_PROFILE_DIR = '/usr/share/crypto-policies'

export type Directories = {
  /** config, local.d, policies, back-ends, state. */
  readonly base: string
  /** policies, default-config, pre-built outputs, reload-cmds.sh. */
  readonly profile: string
}

export type DirectoryOptions = {
  readonly baseDir?: string | undefined
  readonly profileDir?: string | undefined
}

/** The directories that the options name, else the environment, else the defaults. */
export function findDirectories(
  options: DirectoryOptions,
  environment: NodeJS.ProcessEnv = process.env,
): Directories {
  return {
    base: baseDirectory(options, environment),
    profile: resolve(options.profileDir ?? (environment.profile_dir || defaultProfile())),
  }
}

/** The base directory alone, which needs no look at the disk. */
export function baseDirectory(
  options: DirectoryOptions,
  environment: NodeJS.ProcessEnv = process.env,
): string {
  return resolve(options.baseDir ?? (environment.base_dir || DEFAULT_BASE_DIR))
}

/** The folder of the checkout or of the installed package that this program is part of. */
function packageRoot(): string {
  let folder = import.meta.dirname
  while (!existsSync(join(folder, 'package.json')) && dirname(folder) !== folder) {
    folder = dirname(folder)
  }
  return folder
}

export const configFile = (directories: Directories) => join(directories.base, 'config')
export const localFolder = (directories: Directories) => join(directories.base, 'local.d')
export const backendsFolder = (directories: Pick<Directories, 'base'>) =>
  join(directories.base, 'back-ends')
export const stateFolder = (directories: Directories) => join(directories.base, 'state')
export const reloadScript = (directories: Directories) =>
  join(directories.profile, 'reload-cmds.sh')

/** The pre-built output of a back-end for a policy. */
export function prebuiltFile(directories: Directories, policy: string, backend: string): string {
  return join(directories.profile, policy, `${backend}.txt`)
}

/** A checkout brings its own policies; a package only where the host has none. */
function defaultProfile(): string {
  const root = packageRoot()
  const isCheckout = existsSync(join(root, 'src'))
  return isCheckout || !existsSync(join(DEFAULT_PROFILE_DIR, 'policies'))
    ? root
    : DEFAULT_PROFILE_DIR
}
