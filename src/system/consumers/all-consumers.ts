/** Every consumer that can check what we write. */
import type { Consumer } from './consumer.ts'
import { GNUTLS_CLI } from './gnutls-cli.ts'
import { IPSEC } from './ipsec.ts'
import { KLIST } from './klist.ts'
import { NAMED_CHECKCONF } from './named-checkconf.ts'
import { NSS_POLICY_CHECK } from './nss-policy-check.ts'
import { SSH, SSHD } from './openssh.ts'
import { OPENSSL } from './openssl.ts'
import { RPM_SEQUOIA, SEQUOIA } from './sequoia-policy-config-check.ts'

export const CONSUMERS: readonly Consumer[] = [
  NAMED_CHECKCONF,
  GNUTLS_CLI,
  KLIST,
  IPSEC,
  NSS_POLICY_CHECK,
  SSH,
  SSHD,
  OPENSSL,
  RPM_SEQUOIA,
  SEQUOIA,
]
