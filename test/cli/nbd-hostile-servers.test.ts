/** Hostile servers through the command lines: a few of those that `npm run fuzz:nbd-commands` tries. */
import { expect, test } from 'vitest'
import { CONDUCTS } from '../nbd/hostile-conducts.ts'
import { findFaults, runAgainst } from '../nbd/hostile-run.ts'

/** In seconds: far more than any of these takes, since the clock is no judge here. */
const PATIENCE = 120

test.each<readonly [string, readonly string[], number]>([
  ['honest', ['copy', 'URI', 'null:'], 0],
  ['silence to options', ['list', 'URI'], 69],
  ['silence to requests', ['copy', 'URI', 'null:'], 69],
  ['endless lists', ['list', '--long', '--json', 'URI'], 69],
  ['endless information', ['info', 'URI'], 69],
  ['an option reply of 4 GiB', ['info', 'URI'], 69],
  ['lists with escapes', ['list', 'URI'], 0],
  ['names and descriptions with escapes', ['info', 'URI'], 0],
  ['a policy with escapes', ['copy', '--json', 'URI', 'null:'], 69],
  ['2^64-1 bytes', ['bench', '--seconds', '1', 'URI'], 69],
  ['blocks of 1 byte at most', ['copy', 'URI', 'null:'], 69],
  ['one byte at a time', ['info', '--map', 'URI'], 0],
  ['maps of nothing', ['info', '--map', 'URI'], 69],
  ['a data chunk of 4 GiB', ['bench', '--seconds', '1', 'URI'], 69],
  ['endless errors', ['copy', 'URI', 'null:'], 69],
  ['reset in the transmission', ['bench', '--seconds', '1', 'URI'], 69],
])(
  'a server of %s: nbd %j ends with %i, in words and with little memory',
  async (name, words, status) => {
    const conduct = CONDUCTS[name]
    if (!conduct) throw new Error(`no conduct is called ${name}`)
    const run = await runAgainst(conduct, words, PATIENCE)
    expect(findFaults(run, words.includes('--json')), run.stderr).toEqual([])
    expect(run.status, run.stderr).toBe(status)
  },
)
