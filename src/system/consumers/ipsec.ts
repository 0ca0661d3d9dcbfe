/** Libreswan: reads the configuration and writes it back. */
import type { Consumer, Workbench } from './consumer.ts'

async function check(workbench: Workbench, config: string) {
  const path = await workbench.write('libreswan.config', config)
  const { status, output } = await workbench.run(['readwriteconf', '--config', path])
  return { unknown: [], complaints: status === 0 ? [] : [output.trim().split('\n')[0] ?? ''] }
}

export const IPSEC: Consumer = {
  backend: 'libreswan',
  program: 'ipsec',
  versionArguments: ['--version'],
  check,
}
