/** Kerberos: every program of it reads the whole configuration first; klist asks nothing of a server. */
import { type Consumer, type ConsumerFinding, firstLine, type Workbench } from './consumer.ts'

async function check(workbench: Workbench, config: string): Promise<readonly ConsumerFinding[]> {
  const path = workbench.write('krb5.config', config)
  const { output } = await workbench.run([], { KRB5_CONFIG: path })
  // Without tickets it fails as well, in other words.
  if (!/configuration file/.test(output)) return []
  return [{ effect: 'stops', complaint: firstLine(output) }]
}

export const KLIST: Consumer = {
  backend: 'krb5',
  program: 'klist',
  failure: 'and all programs of Kerberos would fail',
  versionArguments: ['-V'],
  check,
}
