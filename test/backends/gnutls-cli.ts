/** Asks an installed gnutls-cli what a priority string allows. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
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

/** Lists what a priority string allows under a system-wide configuration. */
export function listPriority(priority: string, configuration = ''): Listing {
  const folder = mkdtempSync(join(tmpdir(), 'gnutls-cli-'))
  try {
    const path = join(folder, 'gnutls.config')
    writeFileSync(path, configuration)
    const env = {
      ...process.env,
      GNUTLS_SYSTEM_PRIORITY_FILE: path,
      GNUTLS_SYSTEM_PRIORITY_FAIL_ON_INVALID: '1',
    }
    const { status, stdout } = spawnSync('gnutls-cli', ['-l', '--priority', priority], { env })
    return { ok: status === 0, ...parseListing(stdout.toString()) }
  } finally {
    rmSync(folder, { recursive: true })
  }
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
