/** HAProxy: the text of an application as the first of its files. */
import type { Consumer, Finding, Workbench } from './consumer.ts'
import { findStops } from './included-text.ts'

/** Without anything that listens it calls each configuration a failure. */
const LISTENER = `listen check
  mode tcp
  bind 127.0.0.1:1
  timeout client 1s
  timeout server 1s
  timeout connect 1s
`

async function check(workbench: Workbench, config: string): Promise<readonly Finding[]> {
  const listener = workbench.write('listener', LISTENER)
  return findStops(
    config,
    async (text) => {
      const snippet = workbench.write('snippet', text)
      const { status, output } = await workbench.run(['-c', '-f', snippet, '-f', listener])
      return status === 0 ? undefined : output
    },
    /parsing \[[^ ]*-snippet:(?<line>\d+)\] ?: (?<words>.*)/,
  )
}

export const HAPROXY: Consumer = {
  backend: 'applications/haproxy',
  program: 'haproxy',
  failure: 'would not start',
  versionArguments: ['-v'],
  check,
}
