/** Dovecot: the text of an application in a configuration that serves nothing. */
import type { Consumer, Finding, Workbench } from './consumer.ts'
import { findStops } from './included-text.ts'

const NOTHING = 'protocols =\nssl = no\n'

/** From 2.4 on a configuration begins with the release that it was written for. */
const VERSIONS = 'dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n'

async function check(workbench: Workbench, config: string): Promise<readonly Finding[]> {
  const { output } = await workbench.run(['-c', workbench.write('dovecot.conf', NOTHING), '-n'])
  const head = output.includes('dovecot_config_version') ? VERSIONS + NOTHING : NOTHING
  return findStops(
    config,
    async (text) => {
      const snippet = workbench.write('snippet', text)
      const scratch = workbench.write('dovecot.conf', `${head}!include ${snippet}\n`)
      const { status, output } = await workbench.run(['-c', scratch, '-n'])
      return status === 0 ? undefined : output
    },
    /Fatal: (?:Error in configuration file [^ ]*-snippet line (?<line>\d+): )?(?<words>.*)/,
  )
}

export const DOVECONF: Consumer = {
  backend: 'applications/dovecot',
  program: 'doveconf',
  failure: 'says that Dovecot would not start',
  versionArguments: ['-n', '-c', '/dev/null'],
  check,
}
