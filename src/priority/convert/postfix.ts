/** Parameters of Postfix for the connections that its SMTP server takes, postconf(5). */
import type { AllowedTls } from '../../algorithms/allowed-tls.ts'
import type { OpensslRelease } from '../library-releases.ts'
import type { Dialect, Spoken } from './dialect.ts'
import { cipherString, groupList } from './openssl-lists.ts'
import { serverWithFixedSchemes, withFixedTls13 } from './openssl-server.ts'

export function postfixDialect(release: OpensslRelease): Dialect {
  return { ...withFixedTls13(serverWithFixedSchemes(release)), combine: withoutLoneHybrids }
}

/** Postfix passes over names that it does not know. Where none is left, it has its own groups. */
function withoutLoneHybrids(allowed: AllowedTls): AllowedTls {
  const isSafe = allowed.groups.some(({ kind }) => kind !== 'hybrid')
  return isSafe ? allowed : { ...allowed, groups: [] }
}

/**
 * Lines for main.cf. Since 3.8 groups over finite fields have a list of their own, with a default; to
 * name it in another value keeps older releases from warning that nothing uses it.
 */
export function printPostfix(spoken: Spoken): string {
  const { versions } = spoken
  const range = `>=${versions.at(0)}, <=${versions.at(-1)}`
  const groups = groupList(spoken).replaceAll(':', ' ')
  return [
    `smtpd_tls_protocols = ${range}`,
    `smtpd_tls_mandatory_protocols = ${range}`,
    'smtpd_tls_ciphers = high',
    'smtpd_tls_mandatory_ciphers = high',
    `tls_high_cipherlist = ${cipherString(spoken)}`,
    `tls_eecdh_auto_curves = ${groups}\${tls_ffdhe_auto_groups?}`,
    'tls_ffdhe_auto_groups =',
    '',
  ].join('\n')
}
