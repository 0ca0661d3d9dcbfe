/** What can be audited: schemes and the ports that they have where none is given. */
import { UPGRADE_ALIASES, UPGRADES, upgradeOfPort } from '../upgrades/all-upgrades.ts'
import type { TargetSchemes } from './target.ts'

export const SSH_SCHEME = 'ssh'

const ports = new Map(UPGRADES.map(({ scheme, port }) => [scheme, port]))

export const SCHEMES: TargetSchemes = new Map([
  ...ports,
  ...[...UPGRADE_ALIASES].map(([alias, scheme]) => [alias, ports.get(scheme)] as const),
  [SSH_SCHEME, 22],
])

/** Of a target without a scheme: that of the protocol that has the port; undefined where TLS begins at once. */
export function schemeOfPort(port: number): string | undefined {
  return port === SCHEMES.get(SSH_SCHEME) ? SSH_SCHEME : upgradeOfPort(port)?.scheme
}
