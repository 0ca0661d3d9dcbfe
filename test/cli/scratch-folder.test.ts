import { existsSync } from 'node:fs'
import { expect } from 'vitest'
import { testWith } from '../peers/peer.ts'
import { Host } from './host.ts'

testWith('sshd', 'changes nothing where programs cannot be given anything to read', () => {
  const host = new Host()
  const set = ['--set', 'FEDORA42', '--no-reload']
  const env = { TMPDIR: host.path('no-such-folder') }
  const { status, stderr } = host.updateVerified(set, { env })
  expect(status).toBe(1)
  expect(stderr).toContain('error[FILE_UNWRITABLE]')
  expect(stderr).toContain('--no-verify')
  expect(existsSync(host.path('config'))).toBe(false)
  expect(host.update(set, { env }).status).toBe(0)
})
