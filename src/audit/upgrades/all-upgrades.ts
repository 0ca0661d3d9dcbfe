/** Every protocol that an audit can lead to TLS, by the scheme of its URIs. */
import { DIRECT } from './direct.ts'
import { ftp } from './ftp.ts'
import { imap } from './imap.ts'
import { ldap } from './ldap.ts'
import { mysql } from './mysql.ts'
import { nbd } from './nbd.ts'
import { pop3 } from './pop3.ts'
import { postgresql } from './postgresql.ts'
import { rdp } from './rdp.ts'
import { smtp } from './smtp.ts'
import type { Upgrade } from './upgrade.ts'
import { vnc, vncAnonymous } from './vnc.ts'
import { xmpp } from './xmpp.ts'

/** The same protocol on the port where clients hand in mail: RFC 6409. */
const submission: Upgrade = { ...smtp, scheme: 'submission', title: 'SMTP submission', port: 587 }

export const UPGRADES: readonly Upgrade[] = [
  ...DIRECT,
  nbd,
  vnc,
  vncAnonymous,
  smtp,
  submission,
  imap,
  pop3,
  ftp,
  ldap,
  xmpp,
  postgresql,
  mysql,
  rdp,
]

/** Other schemes for the same. */
export const UPGRADE_ALIASES: ReadonlyMap<string, string> = new Map([
  ['nbds', 'nbd'],
  ['postgres', 'postgresql'],
  ['mariadb', 'mysql'],
  ['rediss', 'redis'],
  ['qemu+tls', 'libvirt'],
])

export function upgradeOf(scheme: string): Upgrade | undefined {
  const name = UPGRADE_ALIASES.get(scheme) ?? scheme
  return UPGRADES.find((upgrade) => upgrade.scheme === name)
}

/** The protocol that a port stands for where something is said in clear before TLS; undefined for all others. */
export function upgradeOfPort(port: number): Upgrade | undefined {
  return UPGRADES.find((upgrade) => upgrade.port === port && !DIRECT.includes(upgrade))
}
