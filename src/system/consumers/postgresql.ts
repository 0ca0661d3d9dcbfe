/** PostgreSQL: the text of an application as a whole configuration. */
import { globSync } from 'node:fs'
import { type Consumer, type Finding, findProgram, type Workbench } from './consumer.ts'
import { findStops } from './included-text.ts'

/** Distributions keep the server of each release apart, in folders that are not searched for programs. */
const PLACES = ['/usr/lib/postgresql/*/bin/postgres', '/usr/pgsql-*/bin/postgres']

async function check(workbench: Workbench, config: string): Promise<readonly Finding[]> {
  return findStops(
    config,
    async (text) => {
      const snippet = workbench.write('snippet', text)
      const { status, output } = await workbench.run([
        ...['-C', 'ssl_ciphers', '-D', workbench.scratch('')],
        ...['-c', `config_file=${snippet}`],
      ])
      return status === 0 ? undefined : output.replaceAll(/^.*skipping missing.*\n/gm, '')
    },
    /LOG: +(?<words>.*?)(?: in file "[^"]*-snippet" line (?<line>\d+).*)?$/m,
  )
}

export const POSTGRES: Consumer = {
  backend: 'applications/postgresql',
  program: 'postgres',
  find: () => findProgram('postgres') ?? newest(globSync(PLACES)),
  failure: 'would not start',
  versionArguments: ['--version'],
  check,
}

function newest(paths: readonly string[]): string | undefined {
  const releaseOf = (path: string): number => Number(/\d+/.exec(path)?.[0])
  return paths.toSorted((a, b) => releaseOf(a) - releaseOf(b)).at(-1)
}
