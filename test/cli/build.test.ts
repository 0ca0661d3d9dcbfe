/** `cryptopolicy build` within the process of the test, by the outputs of the reference. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT, scratchFolder, writeFiles } from './command.ts'
import { runInProcess } from './in-process.ts'

const GOLDEN = join(ROOT, 'test', 'golden')

test('build writes what the reference writes, a file for each back-end', async () => {
  const folder = scratchFolder()
  const args = ['build', '--no-verify', '--flat', '--policy', 'FUTURE', join(ROOT, 'policies')]
  const { status, stderr } = await runInProcess([...args, folder])
  expect(status, stderr).toBe(0)
  const names = readdirSync(GOLDEN).filter((name) => name.startsWith('FUTURE-'))
  expect(readdirSync(folder)).toEqual(expect.arrayContaining(names))
  for (const name of names) {
    const [ours, theirs] = [folder, GOLDEN].map((from) => readFileSync(join(from, name), 'utf8'))
    expect(ours, name).toBe(theirs)
  }
})

test('build shows every error of a policy, and writes nothing', async () => {
  const [policies, out] = [scratchFolder(), scratchFolder()]
  writeFiles(policies, { 'X.pol': 'cipher = AES-256-GCMM\nhash = SHA2-257\n' })
  const { status, stderr } = await runInProcess(['build', '--no-verify', policies, out])
  expect(status).toBe(65)
  expect(stderr).toMatch(
    /X\.pol:1:10: error\[POLICY_UNKNOWN_ALGORITHM\].*\n.*\n.*\nhint: did you mean AES-256-GCM/,
  )
  expect(stderr).toMatch(/X\.pol:2:8: error\[POLICY_UNKNOWN_ALGORITHM\]/)
  expect(readdirSync(out)).toEqual([])
})
