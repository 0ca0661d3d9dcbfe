/** Every back-end. To add one: write its file, add its line here. */
import type { Backend } from './backend.ts'
import { bind } from './bind.ts'
import { gnutls } from './gnutls.ts'
import { java } from './java.ts'
import { krb5 } from './krb5.ts'
import { libreswan } from './libreswan.ts'
import { libssh } from './libssh.ts'
import { nss } from './nss.ts'
import { openssh } from './openssh.ts'
import { opensshserver } from './opensshserver.ts'
import { opensslFips } from './openssl-fips.ts'
import { opensslcnf } from './opensslcnf.ts'
import { rpmSequoia } from './rpm-sequoia.ts'
import { sequoia } from './sequoia.ts'

/** In the order in which they are built and reloaded. */
export const BACKENDS: readonly Backend[] = [
  bind,
  gnutls,
  java,
  krb5,
  libreswan,
  libssh,
  nss,
  openssh,
  opensshserver,
  opensslFips,
  opensslcnf,
  rpmSequoia,
  sequoia,
]

/** The back-end of that name. */
export function findBackend(name: string): Backend | undefined {
  return BACKENDS.find((backend) => backend.name === name)
}

/** The text of `reload-cmds.sh`, which makes running services read their new files. */
export function renderReloadCommands(): string {
  return BACKENDS.flatMap(({ reloadCommand }) => reloadCommand ?? [])
    .map((command) => `${command}\n`)
    .join('')
}
