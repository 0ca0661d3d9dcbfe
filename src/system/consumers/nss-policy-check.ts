/** NSS: its own checker, told to mind names and values that it does not know. */
import type { Consumer, Workbench } from './consumer.ts'

async function check(workbench: Workbench, config: string) {
  const path = await workbench.write('nss.config', config)
  const { status, output } = await workbench.run(['-f', 'value', '-f', 'identifier', path])
  const lines = output.split('\n').filter((line) => /warning|error|fail/i.test(line))
  return { unknown: [], complaints: status === 0 ? [] : lines }
}

export const NSS_POLICY_CHECK: Consumer = {
  backend: 'nss',
  program: 'nss-policy-check',
  versionArguments: ['--version'],
  check,
}
