/** What is in force after a switch is still in force after a power cut: the kernel was told in time. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT, runFile } from '../cli/command.ts'
import { Host } from '../cli/host.ts'
import { testWith } from '../peers/peer.ts'

/** Renames and waits for the disk of a run that sets a policy, in order; paths below the base directory. */
function callsOf(host: Host, policy: string): readonly string[] {
  const own = ['--base-dir', host.base, '--set', policy, '--no-reload', '--no-verify', '--quiet']
  const command = [process.execPath, join(ROOT, 'dist', 'update-policies.cjs'), ...own]
  const trace = ['-f', '-y', '-qq', '-e', 'trace=rename,renameat,renameat2,fsync,fdatasync']
  // Node.js is to write no files of its own.
  const env = { NODE_DISABLE_COMPILE_CACHE: '1' }
  const { status, stderr } = runFile('strace', [...trace, ...command], { env })
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

/** Applications whose files are more than the descriptors that a run may have. */
const APPLICATIONS = Object.fromEntries(
  Array.from({ length: 12 }, (_, at) => [
    `applications/app${at}.pmod`,
    `# %back_ends=gnutls,openssl,java,nginx,node\nprotocol@TLS = -TLS1.1\n`,
  ]),
)

testWith(
  'strace',
  'files of applications are on disk before the switch, each waited for once',
  () => {
    const host = new Host(APPLICATIONS)
    const calls = callsOf(host, 'DEFAULT')
    const before = calls.slice(0, calls.indexOf('rename /.generations/current'))
    const applications = '/.generations/g-1/back-ends/applications'
    const waited = before.filter((call) => call.startsWith(`sync ${applications}`))
    const names = ['', '/java.config', '/nginx.config', '/node.json', '/openssl.config']
    const paths = Array.from({ length: 12 }, (_, at) => names.map((name) => `/app${at}${name}`))
    expect(waited.toSorted()).toEqual(
      ['', ...paths.flat()].map((path) => `sync ${applications}${path}`).toSorted(),
    )
  },
)

test('fewer descriptors than files are enough', () => {
  const host = new Host(APPLICATIONS)
  const script = `ulimit -n 40; exec "$@"`
  const own = ['--base-dir', host.base, '--set', 'DEFAULT', '--no-reload', '--no-verify', '--quiet']
  const program = [process.execPath, join(ROOT, 'dist', 'update-policies.cjs'), ...own]
  const { status, stderr } = runFile('sh', ['-c', script, 'sh', ...program])
  expect(stderr).not.toContain('error')
  expect(status).toBe(0)
  expect(host.read('back-ends', 'applications', 'app11', 'node.json')).toContain('minVersion')
})
