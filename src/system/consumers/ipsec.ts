/** Libreswan: reads the configuration and writes it back. */
import { type Consumer, type ConsumerFinding, firstLine, type Workbench } from './consumer.ts'

async function check(workbench: Workbench, config: string): Promise<readonly ConsumerFinding[]> {
  const path = workbench.write('libreswan.config', config)
  const { status, output } = await workbench.run(['readwriteconf', '--config', path])
  if (status === 0) return []
  const complaint = firstLine(output).replaceAll(path, 'libreswan')
  const line = /:(\d+): /.exec(output)?.[1]
  return [{ effect: 'stops', complaint, ...(line === undefined ? {} : { line: Number(line) }) }]
}

export const IPSEC: Consumer = {
  backend: 'libreswan',
  program: 'ipsec',
  failure: 'would not start',
  versionArguments: ['--version'],
  check,
}
