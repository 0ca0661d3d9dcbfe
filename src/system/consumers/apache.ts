/** The Apache HTTP Server: the text of an application, for the whole server. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Consumer,
  ConsumerUnusable,
  type Finding,
  findProgram,
  type Workbench,
} from './consumer.ts'
import { findStops } from './included-text.ts'

const MODULE_FOLDERS = [
  '/usr/lib/apache2/modules',
  '/usr/lib64/httpd/modules',
  '/etc/httpd/modules',
]

/** One of them serves; a build may have it built in. */
const PROCESSING = ['mpm_event', 'mpm_worker', 'mpm_prefork']

async function check(workbench: Workbench, config: string): Promise<readonly Finding[]> {
  const modules = MODULE_FOLDERS.find((folder) => existsSync(join(folder, 'mod_ssl.so')))
  if (modules === undefined) throw new ConsumerUnusable('has no mod_ssl that can be found')
  return findStops(
    config,
    async (text) => {
      const included = workbench.write('snippet', text)
      const scratch = workbench.write('apache.conf', configuration(workbench, modules, included))
      const { status, output } = await workbench.run(['-t', '-f', scratch])
      return status === 0 ? undefined : output
    },
    /line (?<line>\d+) of [^ ]*-snippet:\n(?<words>.*)/,
  )
}

function configuration(workbench: Workbench, modules: string, included: string): string {
  const load = (name: string): readonly string[] => {
    const path = join(modules, `mod_${name}.so`)
    return existsSync(path) ? [`LoadModule ${name}_module ${path}`] : []
  }
  const folder = workbench.scratch('')
  return [
    `ServerRoot ${folder}`,
    'ServerName localhost',
    `DefaultRuntimeDir ${folder}`,
    'ErrorLog /dev/null',
    ...PROCESSING.flatMap(load).slice(0, 1),
    ...['unixd', 'ssl'].flatMap(load),
    `Include ${included}`,
    '',
  ].join('\n')
}

export const APACHE: Consumer = {
  backend: 'applications/apache',
  program: 'apache2',
  find: () => findProgram('apache2') ?? findProgram('httpd'),
  failure: 'would not start',
  versionArguments: ['-v'],
  check,
}
