/** Dovecot: the texts of applications in a configuration that serves nothing. */
import { askProgram, type Workbench } from './consumer.ts'
import { includingServer } from './included-text.ts'

const NOTHING = 'protocols =\nssl = no\n'

/** From 2.4 on a configuration begins with the release that it was written for. */
const VERSIONS = 'dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n'

async function argumentsFor(
  workbench: Workbench,
  files: readonly string[],
): Promise<readonly string[]> {
  const { output } = await askProgram(workbench.program, ['-c', '/dev/null', '-n'])
  const head = output.includes('dovecot_config_version') ? VERSIONS + NOTHING : NOTHING
  const included = files.map((file) => `!include ${file}\n`)
  return ['-c', workbench.write('dovecot.conf', head + included.join('')), '-n']
}

export const DOVECONF = includingServer({
  backend: 'applications/dovecot',
  program: 'doveconf',
  failure: 'says that Dovecot would not start',
  versionArguments: ['-n', '-c', '/dev/null'],
  argumentsFor,
  pattern: /Fatal: (?:Error in configuration file [^ ]*-snippet line (?<line>\d+): )?(?<words>.*)/,
})
