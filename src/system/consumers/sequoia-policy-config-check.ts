/** Sequoia: its own checker. It reads the files of both Sequoia back-ends. */
import type { Consumer, ConsumerFinding, Workbench } from './consumer.ts'

async function check(workbench: Workbench, config: string): Promise<readonly ConsumerFinding[]> {
  const path = workbench.write('sequoia.config', config)
  const { status, output } = await workbench.run([path])
  const said = output.trim()
  if (status === 0 && said === '') return []
  const effect = status === 0 ? 'ignores-value' : 'stops'
  return said.split('\n').map((complaint) => ({ effect, complaint }))
}

const SEQUOIA_CHECK = {
  program: 'sequoia-policy-config-check',
  failure: 'says that programs of Sequoia would fail',
  versionArguments: ['--version'],
  check,
} as const

export const SEQUOIA: Consumer = { backend: 'sequoia', ...SEQUOIA_CHECK }
export const RPM_SEQUOIA: Consumer = { backend: 'rpm-sequoia', ...SEQUOIA_CHECK }
