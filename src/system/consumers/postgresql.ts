/** PostgreSQL: the texts of applications and nothing else. */
import { globSync } from 'node:fs'
import { findProgram, type Workbench } from './consumer.ts'
import { includingServer } from './included-text.ts'

/** Distributions keep the server of each release apart, in folders that are not searched for programs. */
const PLACES = ['/usr/lib/postgresql/*/bin/postgres', '/usr/pgsql-*/bin/postgres']

async function complain(
  workbench: Workbench,
  texts: readonly string[],
): Promise<string | undefined> {
  const included = texts.map((text) => `include '${workbench.write('snippet', text)}'\n`)
  const scratch = workbench.write('postgresql.conf', included.join(''))
  const { status, output } = await workbench.run([
    ...['-C', 'ssl_ciphers', '-D', workbench.scratch('')],
    ...['-c', `config_file=${scratch}`],
  ])
  return status === 0 ? undefined : output.replaceAll(/^.*skipping missing.*\n/gm, '')
}

export const POSTGRES = includingServer({
  backend: 'applications/postgresql',
  program: 'postgres',
  find: () => findProgram('postgres') ?? newest(globSync(PLACES)),
  failure: 'would not start',
  versionArguments: ['--version'],
  complain,
  pattern: /LOG: +(?<words>.*?)(?: in file "[^"]*-snippet" line (?<line>\d+).*)?$/m,
})

function newest(paths: readonly string[]): string | undefined {
  const releaseOf = (path: string): number => Number(/\d+/.exec(path)?.[0])
  return paths.toSorted((a, b) => releaseOf(a) - releaseOf(b)).at(-1)
}
