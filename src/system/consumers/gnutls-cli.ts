/** GnuTLS reads its system configuration when any program of it starts; gnutls-cli is the nearest. */
import type { CheckDepth, Consumer, ConsumerFinding, Workbench } from './consumer.ts'

/** What GnuTLS logs, at level 2, of what it does not know. */
const UNKNOWN = [
  /cfg: unknown (?:\S+ )+?(?<value>\S+) listed at (?<setting>\S+)/,
  /cfg: found unknown (?:\S+ )+?(?<value>\S+) in (?<setting>\S+)/,
  /\]: unknown parameter (?<setting>\S+)/,
]

const UNPARSABLE = /cfg: unable to parse: \S+: (?<line>\d+)/

async function check(
  workbench: Workbench,
  config: string,
  depth: CheckDepth,
): Promise<readonly ConsumerFinding[]> {
  const path = workbench.write('gnutls.config', config)
  const environment = { GNUTLS_SYSTEM_PRIORITY_FILE: path, GNUTLS_DEBUG_LEVEL: '3' }
  const { output } = await workbench.run(['-l'], environment)
  const line = UNPARSABLE.exec(output)?.groups?.line
  if (line !== undefined) {
    const complaint = 'it cannot parse the file, so that no program finds @SYSTEM'
    return [{ effect: 'stops', line: Number(line), complaint }]
  }
  if (depth !== 'all') return []
  const unknown = readUnknown(output)
  if (unknown.length > 0) return unknown
  // It passes over some things in silence, unless it is told to mind everything.
  const strict = await workbench.run(['-l'], {
    ...environment,
    GNUTLS_SYSTEM_PRIORITY_FAIL_ON_INVALID: '1',
  })
  if (strict.status === 0) return []
  const found = readUnknown(strict.output)
  const complaint = 'it finds something invalid, and does not say what'
  return found.length > 0 ? found : [{ effect: 'ignores-value', complaint }]
}

/** GnuTLS reads its file more than once. */
function readUnknown(output: string): readonly ConsumerFinding[] {
  const seen = new Map<string, ConsumerFinding>()
  for (const line of output.split('\n')) {
    const groups = UNKNOWN.map((pattern) => pattern.exec(line)?.groups).find(Boolean)
    const { setting, value = null } = groups ?? {}
    if (setting === undefined) continue
    const effect = value === null ? 'ignores-setting' : 'ignores-value'
    seen.set(`${setting} ${value}`, { effect, unknown: { setting, value } })
  }
  return [...seen.values()]
}

export const GNUTLS_CLI: Consumer = {
  backend: 'gnutls',
  program: 'gnutls-cli',
  failure: 'would leave programs without @SYSTEM',
  versionArguments: ['--version'],
  check,
}
