/** Every consumer that can check what we write. */
import { APACHE } from './apache.ts'
import type { Consumer } from './consumer.ts'
import { DOVECONF } from './dovecot.ts'
import { GNUTLS_CLI } from './gnutls-cli.ts'
import { HAPROXY } from './haproxy.ts'
import { IPSEC } from './ipsec.ts'
import { KLIST } from './klist.ts'
import { NAMED_CHECKCONF } from './named-checkconf.ts'
import { NGINX } from './nginx.ts'
import { NSS_POLICY_CHECK } from './nss-policy-check.ts'
import { SSH, SSHD } from './openssh.ts'
import { OPENSSL } from './openssl.ts'
import { POSTCONF } from './postfix.ts'
import { POSTGRES } from './postgresql.ts'
import { RPM_SEQUOIA, SEQUOIA } from './sequoia-policy-config-check.ts'

const CONSUMERS: readonly Consumer[] = [
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
  NGINX,
  APACHE,
  HAPROXY,
  POSTCONF,
  DOVECONF,
  POSTGRES,
]

/** The program that reads a back-end, or `applications/NAME/BACK-END`, if one is known that can check it. */
export function findConsumer(backend: string): Consumer | undefined {
  const kind = backendKind(backend)
  return CONSUMERS.find((consumer) => consumer.backend === kind)
}

/** A back-end without the application that it is for. */
export function backendKind(backend: string): string {
  return backend.replace(/^applications\/.*\//, 'applications/')
}
