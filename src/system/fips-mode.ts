/** FIPS mode of the kernel, and the policy that is mounted when the system starts in it. */
import { realpathSync } from 'node:fs'
import { fail } from '../diagnostics/diagnostic.ts'
import { readBytes } from '../files/text-file.ts'
import { runSync } from './consumers/run-sync.ts'
import { backendsFolder, configFile, type Directories } from './directories.ts'
import { SYSTEM_KINDS } from './system-diagnostics.ts'

const FIPS_FLAG = '/proc/sys/crypto/fips_enabled'
const MOUNTS = '/proc/self/mountinfo'

/** What the start-up units mount, by the end of its path, over which of our paths. */
const MOUNTED_CONFIG = '/crypto-policies/default-fips-config'
const MOUNTED_BACKENDS = '/crypto-policies/back-ends/FIPS'

/** Whether the kernel runs in FIPS mode. */
export function isFipsEnabled(flag = readKernelFile(FIPS_FLAG)): boolean {
  return Number.parseInt(flag, 10) > 0
}

/**
 * Whether the start-up units have mounted a FIPS policy over the configured one.
 *
 * @param mounts What is mounted, as in proc(5), mountinfo.
 */
export function isFipsPolicyMounted(
  directories: Directories,
  mounts = readKernelFile(MOUNTS),
): boolean {
  return (
    isMounted(mounts, MOUNTED_CONFIG, configFile(directories)) &&
    isMounted(mounts, MOUNTED_BACKENDS, backendsFolder(directories))
  )
}

/** Takes the mounted policy away, so that another can be set. */
export function unmountFipsPolicy(directories: Directories): void {
  for (const path of [configFile(directories), backendsFolder(directories)]) {
    const { status, stderr, error } = runSync('umount', [path])
    if (status === 0) continue
    const output = error ? error.message : stderr.trim()
    fail(SYSTEM_KINDS.unmountFailed, { path, output })
  }
}

/** The last mount over a path decides; fields as in proc(5), mountinfo. */
function isMounted(mounts: string, sourceEnd: string, target: string): boolean {
  const targets = [target, resolvedPath(target)]
  const last = mounts
    .split('\n')
    .map((line) => line.split(' '))
    .findLast((fields) => targets.includes(unescapeMount(fields[4] ?? '')))
  return last !== undefined && unescapeMount(last[3] ?? '').endsWith(sourceEnd)
}

/** The kernel writes space, tab, newline and backslash as octal escapes. */
function unescapeMount(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  )
}

function resolvedPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

/** A host with ten thousand mounts has a list of about 2 MB. */
const KERNEL_LIMIT = 67_108_864

function readKernelFile(path: string): string {
  try {
    return readBytes(path, KERNEL_LIMIT).toString('utf8')
  } catch {
    return ''
  }
}
