/** GnuTLS reads its system configuration when any program of it starts; gnutls-cli is the nearest. */
import type { Consumer, UnknownValue, Workbench } from './consumer.ts'

/** What GnuTLS logs, at level 2, of a value that it does not know. */
const UNKNOWN = [
  /cfg: unknown (?:\S+ )+?(?<value>\S+) listed at (?<setting>\S+)/,
  /cfg: found unknown (?:\S+ )+?(?<value>\S+) in (?<setting>\S+)/,
]

async function check(workbench: Workbench, config: string) {
  const path = await workbench.write('gnutls.config', config)
  const { output } = await workbench.run(['-l'], {
    GNUTLS_SYSTEM_PRIORITY_FILE: path,
    GNUTLS_DEBUG_LEVEL: '3',
  })
  const strict = await workbench.run(['-l'], {
    GNUTLS_SYSTEM_PRIORITY_FILE: path,
    GNUTLS_SYSTEM_PRIORITY_FAIL_ON_INVALID: '1',
  })
  const unknown = output.split('\n').flatMap(readUnknown)
  const isUnexplained = strict.status !== 0 && unknown.length === 0
  return { unknown, complaints: isUnexplained ? [firstComplaint(strict.output)] : [] }
}

function readUnknown(line: string): readonly UnknownValue[] {
  const groups = UNKNOWN.map((pattern) => pattern.exec(line)?.groups).find(Boolean)
  return groups?.value && groups.setting ? [{ setting: groups.setting, value: groups.value }] : []
}

function firstComplaint(output: string): string {
  return output.trim().split('\n').at(-1) ?? 'it refuses the configuration'
}

export const GNUTLS_CLI: Consumer = {
  backend: 'gnutls',
  program: 'gnutls-cli',
  versionArguments: ['--version'],
  check,
}
