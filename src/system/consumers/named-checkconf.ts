/** BIND: the configuration is a part of the options block. */
import type { Consumer, Workbench } from './consumer.ts'

async function check(workbench: Workbench, config: string) {
  const path = await workbench.write('named.conf', `options {\n${config}\n};\n`)
  const { status, output } = await workbench.run([path])
  const complaints =
    status === 0
      ? []
      : output
          .trim()
          .split('\n')
          .map((line) => line.replace(path, 'bind'))
  return { unknown: [], complaints }
}

export const NAMED_CHECKCONF: Consumer = {
  backend: 'bind',
  program: 'named-checkconf',
  versionArguments: ['-v'],
  check,
}
