/** What can be audited: schemes and the ports that they have where none is given. */
import { UPGRADE_ALIASES, UPGRADES } from '../upgrades/all-upgrades.ts'
import type { TargetSchemes } from './target.ts'

export const SSH_SCHEME = 'ssh'

const ports = new Map(UPGRADES.map(({ scheme, port }) => [scheme, port]))

export const SCHEMES: TargetSchemes = new Map([
  ...ports,
  ...[...UPGRADE_ALIASES].map(([alias, scheme]) => [alias, ports.get(scheme)] as const),
  [SSH_SCHEME, 22],
])
