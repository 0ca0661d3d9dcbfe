/** BIND: the configuration is a part of the options block. */
import type { Consumer, ConsumerFinding, Workbench } from './consumer.ts'

async function check(workbench: Workbench, config: string): Promise<readonly ConsumerFinding[]> {
  const path = workbench.write('named.conf', `options {\n${config}\n};\n`)
  const { status, output } = await workbench.run([path])
  if (status === 0) return []
  return output
    .trim()
    .split('\n')
    .map((said) => {
      const [, line, words] = /^[^:]*:(\d+): (.*)$/.exec(said) ?? []
      // Our own first line opens the block.
      return line === undefined
        ? { effect: 'stops', complaint: said.replaceAll(path, 'bind') }
        : { effect: 'stops', complaint: words ?? '', line: Number(line) - 1 }
    })
}

export const NAMED_CHECKCONF: Consumer = {
  backend: 'bind',
  program: 'named-checkconf',
  failure: 'says that named would not start',
  versionArguments: ['-v'],
  check,
}
