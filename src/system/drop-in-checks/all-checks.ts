/** What is wrong with drop-ins that no program of the host would tell, for each back-end. */
import type { Diagnostic } from '../../diagnostics/diagnostic.ts'
import type { Source } from '../../diagnostics/source.ts'
import { checkJava } from './java.ts'
import { type JoinedText, joinTexts } from './joined-text.ts'
import { checkNss } from './nss.ts'
import { checkKerberos, checkLibreswan, checkOpenssl, checkOpensslFips } from './sections.ts'
import { checkSequoia } from './sequoia.ts'
import { checkLibssh, checkSshClient, checkSshd } from './ssh.ts'

/** GnuTLS has checks of its own. BIND adds what it reads twice, and says itself what it cannot read. */
const CHECKS: Readonly<Record<string, (joined: JoinedText) => readonly Diagnostic[]>> = {
  java: checkJava,
  krb5: checkKerberos,
  libreswan: checkLibreswan,
  libssh: checkLibssh,
  nss: checkNss,
  openssh: checkSshClient,
  opensshserver: checkSshd,
  openssl_fips: checkOpensslFips,
  opensslcnf: checkOpenssl,
  'rpm-sequoia': checkSequoia,
  sequoia: checkSequoia,
}

/** What drop-ins take from a policy, what they do in vain, and where programs would stop at them. */
export function checkDropIns(
  backend: string,
  policy: Source,
  dropIns: readonly Source[],
): readonly Diagnostic[] {
  return CHECKS[backend]?.(joinTexts(policy, dropIns)) ?? []
}
