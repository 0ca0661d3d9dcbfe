/** What a run of update-policies says that it did, and when services are told. */
import { existsSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT, scratchFolder, writeFiles } from '../cli/command.ts'
import { Host } from '../cli/host.ts'
import { resultOf } from '../cli/json-output.ts'

/** A profile folder whose script for reloads writes a line each time that it runs. */
function makeProfile(): { profile: string; runs: () => number } {
  const profile = scratchFolder()
  const log = join(profile, 'log')
  symlinkSync(join(ROOT, 'policies'), join(profile, 'policies'))
  writeFiles(profile, { 'reload-cmds.sh': `echo reload >> ${log}\n` })
  return {
    profile,
    runs: () => (existsSync(log) ? readFileSync(log, 'utf8').split('\n').length - 1 : 0),
  }
}

test('services are told once of a switch, and of none when they are told', async () => {
  const { profile, runs } = makeProfile()
  const host = new Host({}, profile)
  const update = async (...args: readonly string[]) => {
    const { stdout } = await host.updateInProcess([...args, '--json'])
    const { changed, reloaded } = resultOf(stdout)
    return { changed: changed.length > 0, reloaded }
  }
  expect(await update('--set', 'DEFAULT', '--no-reload')).toEqual({
    changed: true,
    reloaded: false,
  })
  expect(runs()).toBe(0)
  // The reload is owed since then, although nothing changes now.
  expect(await update()).toEqual({ changed: false, reloaded: true })
  expect(runs()).toBe(1)
  expect(await update()).toEqual({ changed: false, reloaded: false })
  expect(await update('--reload')).toEqual({ changed: false, reloaded: true })
  expect(await update('--set', 'FUTURE')).toEqual({ changed: true, reloaded: true })
  expect(runs()).toBe(3)
})

test('a name that no policy has is refused with what was asked, and nothing is written', async () => {
  const host = new Host()
  for (const [set, named] of [
    ['../DEFAULT', '../DEFAULT'],
    ['DEFAULT:a/b', 'A/B'],
    ['NOSUCH', 'NOSUCH'],
    ['DEFAULT:NOSUCH', 'NOSUCH'],
  ] as const) {
    const { status, stderr } = await host.updateInProcess(['--set', set, '--no-reload'])
    expect([status, stderr]).toEqual([1, expect.stringContaining(named)])
  }
  expect(host.visible()).toEqual({})
  expect(existsSync(host.path('config'))).toBe(false)
})

test('what another program put among the back-ends is kept and told, in every later run', async () => {
  const host = new Host()
  await host.setInProcess('DEFAULT')
  host.write({ 'back-ends/foreign.config': 'theirs\n' })
  for (const policy of ['FUTURE', 'LEGACY']) {
    const { stderr } = await host.updateInProcess(['--set', policy, '--no-reload'])
    expect(stderr).toContain('BACKENDS_STRANGE_FILE')
    expect(stderr).toContain('back-ends/foreign.config')
    expect(host.read('back-ends', 'foreign.config')).toBe('theirs\n')
  }
  const check = await host.updateInProcess(['--check'])
  expect([check.status, check.stdout + check.stderr]).toEqual([
    1,
    expect.stringContaining('foreign.config'),
  ])
})
