/** What sshd makes of the files that are to be put in force, where nothing leads it to them yet. */
import { expect } from 'vitest'
import { checkHost } from '../../src/system/host-check.ts'
import { parseSelection } from '../../src/system/policy-selection.ts'
import { preparePolicy } from '../../src/system/prepared-policy.ts'
import { ROOT } from '../cli/command.ts'
import { Host } from '../cli/host.ts'
import { testWith } from '../peers/peer.ts'

const DROP_IN = 'local.d/opensshserver-odd.config'

/** The findings about sshd on a host with these files, under a policy that every supported sshd takes. */
async function findingsOf(files: Readonly<Record<string, string>>) {
  const { base } = new Host(files)
  const directories = { base, profile: ROOT }
  const prepared = await preparePolicy(directories, parseSelection('FEDORA42'))
  const found = await checkHost(prepared, directories)
  return found.filter(({ message }) => message.includes('sshd'))
}

testWith('sshd', 'a policy alone is not judged for a program that does not read it', async () => {
  expect(await findingsOf({})).toEqual([])
})

testWith(
  'sshd',
  'a drop-in that sshd would stop at is told at its line, as a warning',
  async () => {
    const text = '# ours\nCiphers no-such-cipher@example.com\n'
    const [found, ...more] = await findingsOf({ [DROP_IN]: text })
    expect(more).toEqual([])
    expect(found).toMatchObject({
      code: 'HOST_PROGRAM_STOPS',
      severity: 'warning',
      message: expect.stringContaining('no-such-cipher@example.com'),
    })
    const { source, start } = found?.span ?? {}
    expect(source?.name).toContain(DROP_IN)
    expect(source?.text.slice(start)).toMatch(/^Ciphers no-such-cipher/)
  },
)

testWith('sshd', 'a drop-in that sshd takes is no finding', async () => {
  expect(await findingsOf({ [DROP_IN]: 'Ciphers aes128-ctr\n' })).toEqual([])
})
