/** What is in force after a switch is still in force after a power cut: the kernel was told in time. */
import { join } from 'node:path'
import { expect } from 'vitest'
import { ROOT, runFile } from '../cli/command.ts'
import { Host } from '../cli/host.ts'
import { testWith } from '../peers/peer.ts'

/** Renames and waits for the disk of a run that sets a policy, in order; paths below the base directory. */
function callsOf(host: Host, policy: string): readonly string[] {
  const own = ['--base-dir', host.base, '--set', policy, '--no-reload', '--no-verify', '--quiet']
  const command = [process.execPath, join(ROOT, 'dist', 'update-policies.cjs'), ...own]
  const trace = ['-f', '-y', '-qq', '-e', 'trace=rename,renameat,renameat2,fsync,fdatasync']
  const { status, stderr } = runFile('strace', [...trace, ...command])
  expect(status).toBe(0)
  return stderr
    .replaceAll(host.base, '')
    .split('\n')
    .flatMap((line) => {
      const [, synced] = /f(?:data)?sync\(\d+<(.*)>\)/.exec(line) ?? []
      if (synced !== undefined) return [`sync ${synced}`]
      const [, from, to] = /rename\w*\(.*?"(.*?)",.*?"(.*?)"/.exec(line) ?? []
      return to === undefined ? [] : [`rename ${from?.includes('-tmp') ? '' : from}${to}`]
    })
}

testWith(
  'strace',
  'the new files are on disk before the switch, and the switch before the end',
  () => {
    const host = new Host()
    host.set('DEFAULT')
    const calls = callsOf(host, 'FUTURE')
    const generation = '/.generations/g-2'
    const at = calls.indexOf('rename /.generations/current')
    expect(at, calls.join('\n')).toBeGreaterThan(0)
    const before = calls.slice(0, at)
    for (const path of ['back-ends', 'state', '', 'record.json', 'back-ends/gnutls.config']) {
      const whole = join(generation, path).replace(/\/$/, '')
      expect(
        before.filter((call) => call === `sync ${whole}`),
        whole,
      ).toHaveLength(1)
    }
    // The folder of the switch, and the base directory, where the name of the policy is.
    const after = calls.slice(at)
    expect(after).toEqual(expect.arrayContaining(['sync /.generations', 'sync ']))
    expect(after.at(-1)).toMatch(/^sync /)
  },
)
