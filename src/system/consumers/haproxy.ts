/** HAProxy: the texts of applications as the first of its files. */
import type { Workbench } from './consumer.ts'
import { includingServer } from './included-text.ts'

/** Without anything that listens it calls each configuration a failure. */
const LISTENER = `listen check
  mode tcp
  bind 127.0.0.1:1
  timeout client 1s
  timeout server 1s
  timeout connect 1s
`

async function complain(
  workbench: Workbench,
  texts: readonly string[],
): Promise<string | undefined> {
  const snippets = texts.map((text) => workbench.write('snippet', text))
  const files = [...snippets, workbench.write('listener', LISTENER)]
  const { status, output } = await workbench.run(['-c', ...files.flatMap((file) => ['-f', file])])
  return status === 0 ? undefined : output
}

export const HAPROXY = includingServer({
  backend: 'applications/haproxy',
  program: 'haproxy',
  failure: 'would not start',
  versionArguments: ['-v'],
  complain,
  pattern: /parsing \[[^ ]*-snippet:(?<line>\d+)\] ?: (?<words>.*)/,
})
