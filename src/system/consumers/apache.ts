/** The Apache HTTP Server: the texts of applications, for the whole server. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ConsumerUnusable, findProgram, type Workbench } from './consumer.ts'
import { includingServer } from './included-text.ts'

const MODULE_FOLDERS = [
  '/usr/lib/apache2/modules',
  '/usr/lib64/httpd/modules',
  '/etc/httpd/modules',
]

/** One of them serves; a build may have it built in. */
const PROCESSING = ['mpm_event', 'mpm_worker', 'mpm_prefork']

function argumentsFor(workbench: Workbench, files: readonly string[]): readonly string[] {
  const modules = MODULE_FOLDERS.find((folder) => existsSync(join(folder, 'mod_ssl.so')))
  if (modules === undefined) throw new ConsumerUnusable('has no mod_ssl that can be found')
  const included = files.map((file) => `Include ${file}`)
  const lines = [...configuration(workbench.scratch(''), modules), ...included, '']
  const scratch = workbench.write('apache.conf', lines.join('\n'))
  return ['-t', '-f', scratch]
}

function configuration(folder: string, modules: string): readonly string[] {
  const load = (name: string): readonly string[] => {
    const path = join(modules, `mod_${name}.so`)
    return existsSync(path) ? [`LoadModule ${name}_module ${path}`] : []
  }
  return [
    `ServerRoot ${folder}`,
    'ServerName localhost',
    `DefaultRuntimeDir ${folder}`,
    'ErrorLog /dev/null',
    ...PROCESSING.flatMap(load).slice(0, 1),
    ...['unixd', 'ssl'].flatMap(load),
  ]
}

export const APACHE = includingServer({
  backend: 'applications/apache',
  program: 'apache2',
  find: () => findProgram('apache2') ?? findProgram('httpd'),
  failure: 'would not start',
  versionArguments: ['-v'],
  argumentsFor,
  pattern: /line (?<line>\d+) of [^ ]*-snippet:\n(?<words>.*)/,
})
