/** Postfix: the text of an application as main.cf. It passes over parameters that it does not know. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Consumer,
  type ConsumerFinding,
  ConsumerUnusable,
  firstLine,
  type Workbench,
} from './consumer.ts'

async function check(workbench: Workbench, config: string): Promise<readonly ConsumerFinding[]> {
  const folder = workbench.scratch('postfix')
  mkdirSync(folder)
  writeFileSync(join(folder, 'main.cf'), `compatibility_level = 0\n${config}`)
  writeFileSync(join(folder, 'master.cf'), '')
  const { status, output } = await workbench.run(['-c', folder, '-n'])
  if (status !== 0) throw new ConsumerUnusable(`does not work here: ${firstLine(output)}`)
  return [...output.matchAll(/unused parameter: (\w+)=/g)].map(([, setting = '']) => ({
    effect: 'ignores-setting',
    unknown: { setting, value: null },
  }))
}

export const POSTCONF: Consumer = {
  backend: 'applications/postfix',
  program: 'postconf',
  failure: 'would not start',
  versionArguments: ['-d', 'mail_version'],
  check,
}
