/** Runs commands where a program of the host seems to be set up to read the files of a test. */
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Outcome, runFile, scratchFolder } from './command.ts'
import type { Host } from './host.ts'

/** Runs a script where a configuration of sshd, or of another program, names this host's files. */
export function whereRead(host: Host, file: string, line: string, script: string): Outcome {
  const copy = join(scratchFolder(), 'configuration')
  writeFileSync(copy, `${line.replace('BASE', host.base)}\n`)
  const prepare = existsSync(file) ? '' : `mkdir -p "$(dirname ${file})"; touch ${file};`
  return runFile('unshare', [
    '--mount',
    'sh',
    '-euc',
    `${prepare} mount --bind ${copy} ${file}; ${script}`,
  ])
}
