/** PostgreSQL: the texts of applications and nothing else. */
import { globSync } from 'node:fs'
import { findProgram, type Workbench } from './consumer.ts'
import { includingServer } from './included-text.ts'

/** Distributions keep the server of each release apart, in folders that are not searched for programs. */
const PLACES = ['/usr/lib/postgresql/*/bin/postgres', '/usr/pgsql-*/bin/postgres']

function argumentsFor(workbench: Workbench, files: readonly string[]): readonly string[] {
  const included = files.map((file) => `include '${file}'\n`)
  const scratch = workbench.write('postgresql.conf', included.join(''))
  return ['-C', 'ssl_ciphers', '-D', workbench.scratch(''), '-c', `config_file=${scratch}`]
}

export const POSTGRES = includingServer({
  backend: 'applications/postgresql',
  program: 'postgres',
  find: () => findProgram('postgres') ?? newest(globSync(PLACES)),
  failure: 'would not start',
  versionArguments: ['--version'],
  argumentsFor,
  noise: /^.*skipping missing.*\n/gm,
  pattern: /LOG: +(?<words>.*?)(?: in file "[^"]*-snippet" line (?<line>\d+).*)?$/m,
})

function newest(paths: readonly string[]): string | undefined {
  const releaseOf = (path: string): number => Number(/\d+/.exec(path)?.[0])
  return paths.toSorted((a, b) => releaseOf(a) - releaseOf(b)).at(-1)
}
