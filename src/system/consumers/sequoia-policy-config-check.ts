/** Sequoia: its own checker. It reads the files of both Sequoia back-ends. */
import type { Consumer, Workbench } from './consumer.ts'

async function check(workbench: Workbench, config: string) {
  const path = await workbench.write('sequoia.config', config)
  const { status, output } = await workbench.run([path])
  const isAccepted = status === 0 && output.trim() === ''
  return { unknown: [], complaints: isAccepted ? [] : output.trim().split('\n') }
}

const SEQUOIA_CHECK = {
  program: 'sequoia-policy-config-check',
  versionArguments: ['--version'],
  check,
} as const

export const SEQUOIA: Consumer = { backend: 'sequoia', ...SEQUOIA_CHECK }
export const RPM_SEQUOIA: Consumer = { backend: 'rpm-sequoia', ...SEQUOIA_CHECK }
