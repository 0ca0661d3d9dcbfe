/** The programs of a host judge what back-ends write: each line and value that they do not know is found. */
import { expect } from 'vitest'
import { findConsumer } from '../../../src/system/consumers/all-consumers.ts'
import {
  type ConsumerFinding,
  findProgram,
  withWorkbench,
} from '../../../src/system/consumers/consumer.ts'
import { verifyConfigs } from '../../../src/system/verify.ts'
import { runFile } from '../../cli/command.ts'
import { testWith } from '../../peers/peer.ts'

/** What the program that reads the files of a back-end says of a text. */
async function findingsOf(backend: string, text: string): Promise<readonly ConsumerFinding[]> {
  const consumer = findConsumer(backend)
  const path = findProgram(consumer?.program ?? '')
  if (!consumer || path === undefined) throw new Error(`nothing reads ${backend}`)
  return withWorkbench(path, (workbench) => consumer.check(workbench, text, 'all'))
}

const stops = (line: number, setting: string, value: string | null) => ({
  ...{ effect: 'stops', line, unknown: { setting, value } },
})

for (const [program, backend] of [
  ['ssh', 'openssh'],
  ['sshd', 'opensshserver'],
] as const) {
  testWith(program, `${program} names each value of a list that it does not know`, async () => {
    expect(await findingsOf(backend, 'Ciphers aes128-ctr,aes256-ctr\n')).toEqual([])
    const plain = 'Ciphers aes128-ctr,no@such,aes256-ctr,no@other\nMACs hmac-sha2-256\n'
    expect(await findingsOf(backend, plain)).toEqual([
      stops(1, 'Ciphers', 'no@such'),
      stops(1, 'Ciphers', 'no@other'),
    ])
    // It adds to the list that is built in.
    expect(await findingsOf(backend, 'Ciphers +aes128-ctr,no@such\n')).toEqual([
      stops(1, 'Ciphers', 'no@such'),
    ])
    expect(await findingsOf(backend, '\nNoSuchSetting yes\n')).toEqual([
      stops(2, 'NoSuchSetting', null),
    ])
  })
}

testWith('named-checkconf', 'named-checkconf names the line that it does not know', async () => {
  expect(await findingsOf('bind', 'recursion no;\n')).toEqual([])
  expect(await findingsOf('bind', 'recursion no;\nnonsense yes;\n')).toEqual([
    { effect: 'stops', line: 2, complaint: "unknown option 'nonsense'" },
  ])
})

for (const [program, backend, ...args] of [
  ['ssh', 'openssh', '-V'],
  ['sshd', 'opensshserver', '-V'],
  ['named-checkconf', 'bind', '-v'],
  ['openssl', 'opensslcnf', 'version'],
  ['gnutls-cli', 'gnutls', '--version'],
] as const) {
  testWith(program, `${program} is named with its version`, async () => {
    const { checked } = await verifyConfigs([{ policy: 'DEFAULT', backend, text: '' }])
    const { stdout, stderr } = runFile(findProgram(program) ?? '', args)
    const [{ version } = { version: '' }] = checked
    expect(version).toMatch(/^\d+\.\d+/)
    expect(stdout + stderr).toContain(version)
  })
}
