/** What the launcher tells Node.js, whatever Node.js that is. */
import { chmodSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { execFileSync, spawnSync } from '../peers/child-process.ts'
import { ROOT, scratchFolder } from './command.ts'
import { launchService, untilReady } from './service-process.ts'

/** What a program in the place of Node.js is given: the number of threads, and its arguments. */
function given(args: readonly string[], threads?: string, program = 'cryptopolicy'): string {
  const node = join(scratchFolder(), 'node')
  writeFileSync(node, `#!/bin/sh\necho "\${UV_THREADPOOL_SIZE-none} $*"\n`)
  chmodSync(node, 0o755)
  const { UV_THREADPOOL_SIZE: _, ...others } = process.env
  const env = {
    ...others,
    CRYPTOPOLICY_NODE: node,
    ...(threads && { UV_THREADPOOL_SIZE: threads }),
  }
  return execFileSync(join(ROOT, 'bin', program), args, { env }).trim()
}

test('an NBD server has threads for many disks, unless the user says how many', () => {
  expect(given(['nbd', 'serve', 'disk.img'])).toMatch(/^16 .* --optimize-for-size /)
  expect(given(['nbd', 'serve', 'disk.img'], '3')).toMatch(/^3 .* --optimize-for-size /)
  expect(given(['nbd', 'copy', 'a', 'b'])).toMatch(/^none .*cryptopolicy\.cjs nbd copy a b$/)
  expect(given(['resolve', 'NORMAL'])).toMatch(/^none .*cryptopolicy-resolve\.cjs resolve NORMAL$/)
  expect(given(['audit', 'host:1'])).toMatch(/^none .*cryptopolicy-audit\.cjs audit host:1$/)
})

test('a switch is over before a compiler of V8 would earn its cost, so that it has none', () => {
  for (const program of ['update-policies', 'update-crypto-policies']) {
    expect(given(['--show'], undefined, program)).toMatch(
      /^none --disable-sigusr1 --jitless --single-threaded .*update-policies\.cjs --show$/,
    )
  }
  expect(given(['resolve', 'NORMAL'])).not.toContain('jitless')
})

test('what serves for long is given little room for garbage', () => {
  const small = 'none .* --max-semi-space-size=1 .*cryptopolicy\\.cjs'
  expect(given(['endpoint', 'run', 'host.yaml'])).toMatch(/^16 .* --max-semi-space-size=1 /)
  expect(given(['chardev', 'listen'])).toMatch(new RegExp(`^${small} chardev listen$`))
  expect(given(['chardev', 'connect'])).toMatch(new RegExp(`^${small} chardev connect$`))
  expect(given(['migrate', 'relay'])).toMatch(new RegExp(`^${small} migrate relay$`))
  expect(given(['endpoint', 'check', 'x'])).toMatch(/^none .*cryptopolicy\.cjs endpoint check x$/)
})

test('a link that names its folder from where it stands is followed, also where a shell is given its name alone', () => {
  const cwd = scratchFolder()
  symlinkSync(relative(cwd, join(ROOT, 'bin', 'cryptopolicy')), join(cwd, 'cryptopolicy'))
  symlinkSync('cryptopolicy', join(cwd, 'policy'))
  const expected = execFileSync(join(ROOT, 'bin', 'cryptopolicy'), ['--version'])
  for (const name of ['cryptopolicy', './cryptopolicy', 'policy', './policy']) {
    expect(execFileSync('sh', [name, '--version'], { cwd })).toBe(expected)
  }
})

test('options of Node.js that it refuses are named by Node.js, which was found', () => {
  const env = { ...process.env, NODE_OPTIONS: '--no-such-option' }
  const program = join(ROOT, 'bin', 'cryptopolicy')
  const { stderr, status } = spawnSync(program, ['--version'], { env, encoding: 'utf8' })
  expect(stderr).toContain('--no-such-option is not allowed in NODE_OPTIONS')
  expect(status).toBe(9)
})

test('SIGUSR1 opens no debugger', async () => {
  const args = ['nbd', 'serve', '--memory', '1M', '--port', '0', '--bind', '127.0.0.1']
  const service = launchService(args)
  await untilReady(service)
  service.child.kill('SIGUSR1')
  expect(await service.stop()).toBe(0)
  expect(service.log()).not.toContain('Debugger')
})
