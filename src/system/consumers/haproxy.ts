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

function argumentsFor(workbench: Workbench, files: readonly string[]): readonly string[] {
  const all = [...files, workbench.write('listener', LISTENER)]
  return ['-c', ...all.flatMap((file) => ['-f', file])]
}

export const HAPROXY = includingServer({
  backend: 'applications/haproxy',
  program: 'haproxy',
  failure: 'would not start',
  versionArguments: ['-v'],
  argumentsFor,
  pattern: /parsing \[[^ ]*-snippet:(?<line>\d+)\] ?: (?<words>.*)/,
})
