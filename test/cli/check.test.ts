import { appendFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runFile } from './command.ts'
import { Host } from './host.ts'
import { resultOf } from './json-output.ts'

type Found = {
  readonly file: string
  readonly kind: string
  readonly cause: string
  readonly line?: number
}

async function findDrift(host: Host): Promise<readonly Found[]> {
  const { status, stdout } = await host.updateInProcess(['--check', '--json'])
  const { matches, drift } = resultOf(stdout)
  expect(status).toBe(matches ? 0 : 1)
  return drift
}

async function appliedHost(files: Readonly<Record<string, string>> = {}): Promise<Host> {
  const host = new Host(files)
  await host.setInProcess(files['policies/OURS.pol'] === undefined ? 'DEFAULT' : 'OURS')
  return host
}

test('finds no drift right after a run', async () => {
  const host = await appliedHost({ 'local.d/nss-x.config': 'name=x\n' })
  expect(await findDrift(host)).toEqual([])
  expect((await host.updateInProcess(['--check'])).stdout).toBe(
    'The configured policy matches the generated policy\n',
  )
})

test('names the line that was edited by hand', async () => {
  const host = await appliedHost()
  const path = host.path('back-ends', 'krb5.config')
  appendFileSync(path, 'allow_weak_crypto = true\n')
  expect(await findDrift(host)).toMatchObject([
    { file: 'back-ends/krb5.config', kind: 'differs', cause: 'hand-edit', line: 3 },
  ])
  const { stderr } = await host.updateInProcess(['--check'])
  expect(stderr).toContain('The configured policy does NOT match the generated policy')
  expect(stderr).toContain('back-ends/krb5.config:3: differs: it was changed by hand')
  expect(stderr).toContain('found:    allow_weak_crypto = true')
})

test('names the drop-in that was added since', async () => {
  const host = await appliedHost()
  host.write({ 'local.d/bind-x.config': '// more\n' })
  expect(await findDrift(host)).toMatchObject([
    {
      file: 'back-ends/bind.config',
      cause: 'drop-in',
      because: [host.path('local.d', 'bind-x.config')],
    },
  ])
})

test('names the policy file that was changed since', async () => {
  const host = await appliedHost({ 'policies/OURS.pol': 'hash = SHA2-256\nmin_rsa_size = 2048\n' })
  host.write({ 'policies/OURS.pol': 'hash = SHA2-256\nmin_rsa_size = 3072\n' })
  const drift = await findDrift(host)
  expect(drift.map((found) => found.file)).toContain('back-ends/openssh.config')
  expect(new Set(drift.map((found) => found.cause))).toEqual(new Set(['policy-file']))
})

test('says that another policy is configured now', async () => {
  const host = await appliedHost()
  host.write({ config: 'LEGACY\n' })
  expect(new Set((await findDrift(host)).map((found) => found.cause))).toEqual(
    new Set(['configured-policy']),
  )
})

test('finds a missing file and one that does not belong', async () => {
  const host = await appliedHost()
  rmSync(host.path('back-ends', 'java.config'))
  host.write({ 'back-ends/extra.config': 'x\n' })
  expect(await findDrift(host)).toMatchObject([
    { file: 'back-ends/extra.config', kind: 'unexpected', cause: 'unknown' },
    { file: 'back-ends/java.config', kind: 'missing', cause: 'hand-edit' },
  ])
})

test('takes the files of another program for what they are', async () => {
  const made = await appliedHost()
  const host = new Host({ config: 'DEFAULT\n' })
  for (const folder of ['back-ends', 'state']) {
    runFile('cp', ['-rL', made.path(folder), join(host.base, folder)])
  }
  expect(await findDrift(host)).toEqual([])
  host.write({ 'back-ends/nss.config': 'old\n' })
  expect(await findDrift(host)).toMatchObject([{ file: 'back-ends/nss.config', cause: 'unknown' }])
})
