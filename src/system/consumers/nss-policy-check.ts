/** NSS: its own checker, told to mind names and values that it does not know. */
import type { Consumer, ConsumerFinding, Workbench } from './consumer.ts'

async function check(workbench: Workbench, config: string): Promise<readonly ConsumerFinding[]> {
  const path = workbench.write('nss.config', config)
  const { status, output } = await workbench.run(['-f', 'value', '-f', 'identifier', path])
  const lines = output.split('\n').filter((line) => /warning|error|fail/i.test(line))
  const said = lines.length > 0 ? lines : ['it refuses the configuration, and does not say why']
  return status === 0 ? [] : said.map((complaint) => ({ effect: 'ignores-value', complaint }))
}

export const NSS_POLICY_CHECK: Consumer = {
  backend: 'nss',
  program: 'nss-policy-check',
  failure: 'fails',
  versionArguments: ['--version'],
  check,
}
