/** Asks an installed gnutls-cli what a priority string allows. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawnSync } from '../peers/child-process.ts'

/** What `gnutls-cli -l` prints, by class. */
export type Listing = {
  readonly ok: boolean
  readonly suites: readonly string[]
  readonly classes: ReadonlyMap<string, readonly string[]>
}

/** Whether it is installed; where CI runs, it has to be. */
export function hasGnutlsCli(): boolean {
  const isThere = spawnSync('gnutls-cli', ['--version']).status === 0
  if (!isThere && process.env.CI) throw new Error('CI has no gnutls-cli')
  return isThere
}

export type Question = { readonly priority: string; readonly configuration?: string }

/** One shell asks all questions: starting each program from here takes longer than its work. */
const SCRIPT = `
export GNUTLS_SYSTEM_PRIORITY_FAIL_ON_INVALID=1
for config in "$1"/*.config; do
  job=\${config%.config}
  GNUTLS_SYSTEM_PRIORITY_FILE=$config gnutls-cli -l --priority "$(cat "$job.priority")" >"$job.out"
  echo $? >"$job.status"
done`

/** Lists what priority strings allow, each under a system-wide configuration. */
export function listPriorities(questions: readonly Question[]): readonly Listing[] {
  const folder = mkdtempSync(join(tmpdir(), 'gnutls-cli-'))
  try {
    for (const [at, { priority, configuration = '' }] of questions.entries()) {
      writeFileSync(join(folder, `${at}.config`), configuration)
      writeFileSync(join(folder, `${at}.priority`), priority)
    }
    spawnSync('sh', ['-c', SCRIPT, 'sh', folder])
    const read = (name: string): string => readFileSync(join(folder, name), 'utf8')
    return questions.map((_, at) => ({
      ok: read(`${at}.status`) === '0\n',
      ...parseListing(read(`${at}.out`)),
    }))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Lists what one allows. */
export function listPriority(priority: string, configuration = ''): Listing {
  const [listing] = listPriorities([{ priority, configuration }])
  if (!listing) throw new Error('nothing was answered')
  return listing
}

/** Suites stand one a line with tabs after the name, classes as `Title: name, name`. */
function parseListing(text: string): Omit<Listing, 'ok'> {
  const lines = text.split('\n')
  const classes = lines.flatMap((line) => {
    const [, title, names] = /^([A-Z][\w -]+): (.*)$/.exec(line) ?? []
    return title && names ? [[title, names.split(', ')] as const] : []
  })
  const suites = lines
    .filter((line) => line.includes('\t'))
    .map((line) => line.split(/\s/)[0] ?? '')
  return { suites, classes: new Map(classes) }
}
