/** Every back-end of applications. To add one: write its file or its line here. */
import type { PurposeName } from '../../policy/scope.ts'
import type { ApplicationBackend } from './application-backend.ts'
import { convertedBackend } from './converted.ts'
import { gnutlsString } from './gnutls-string.ts'
import { javaForApplications } from './java.ts'

/**
 * OpenSSL passes over a file that is not there, and over a list of which it knows no name. Every release knows this
 * suite, and no level above 0 lets it pass.
 */
const NOTHING_FOR_OPENSSL = `MinProtocol = TLSv1.2
MaxProtocol = TLSv1.2
CipherString = NULL-SHA256:@SECLEVEL=5
Ciphersuites =
`

export const APPLICATION_BACKENDS: readonly ApplicationBackend[] = [
  gnutlsString,
  convertedBackend('openssl', {
    ...{ name: 'openssl', title: 'OpenSSL', purpose: 'openssl', file: 'openssl.config' },
    nothing: NOTHING_FOR_OPENSSL,
  }),
  javaForApplications,
  convertedBackend('nginx', {
    ...{ name: 'nginx', title: 'nginx', purpose: 'openssl', file: 'nginx.config' },
  }),
  convertedBackend('apache', {
    ...{ name: 'apache', title: 'Apache', purpose: 'openssl', file: 'apache.config' },
  }),
  convertedBackend('haproxy', {
    ...{ name: 'haproxy', title: 'HAProxy', purpose: 'openssl', file: 'haproxy.config' },
  }),
  convertedBackend('postfix', {
    ...{ name: 'postfix', title: 'Postfix', purpose: 'openssl', file: 'postfix.config' },
  }),
  convertedBackend('dovecot', {
    ...{ name: 'dovecot', title: 'Dovecot', purpose: 'openssl', file: 'dovecot.config' },
  }),
  convertedBackend('postgresql', {
    ...{ name: 'postgresql', title: 'PostgreSQL', purpose: 'openssl', file: 'postgresql.config' },
  }),
  convertedBackend('node', {
    ...{ name: 'node', title: 'Node.js', purpose: 'openssl', file: 'node.json' },
  }),
]

export const APPLICATION_BACKEND_NAMES: readonly string[] = APPLICATION_BACKENDS.map(
  ({ name }) => name,
)

/** The back-ends of these names, in the order of this list. */
export function findApplicationBackends(names: readonly string[]): readonly ApplicationBackend[] {
  return APPLICATION_BACKENDS.filter(({ name }) => names.includes(name))
}

/** What the back-ends of these names ask a policy for. */
export function purposesOf(names: readonly string[]): readonly PurposeName[] {
  return [...new Set(findApplicationBackends(names).map(({ purpose }) => purpose))]
}
