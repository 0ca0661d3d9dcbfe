/** QEMU judges the same folders of credentials as we do. */

import { expect } from 'vitest'
import type { TlsRole } from '../../src/algorithms/tls-role.ts'
import { KEY_USES } from '../../src/x509/certificate.ts'
import { runFile, scratchFolder, writeFiles } from '../cli/command.ts'
import { QEMU, startQemu } from '../monitor/qemu-monitor.ts'
import { testWith } from '../peers/peer.ts'
import { fc } from '../seed.ts'
import { type CredentialCase, filesOf, makeCases } from '../x509/credential-cases.ts'
import { judgeOwn } from '../x509/judge-own.ts'
import { AUTHORITY, CLIENT_AUTH, ENDPOINT, make, SERVER_AUTH } from '../x509/made-certificate.ts'

testWith(QEMU, 'QEMU refuses what we refuse and loads what we load', async () => {
  const cases = makeCases()
  const isOld = qemuRelease() < 10.02
  const expected = cases.map(({ name, verdict, oldRefuses }) => [
    name,
    (isOld ? oldRefuses : undefined) ?? verdict !== undefined,
  ])
  const refused = await refusedOf(cases)
  expect(cases.map(({ name }, at) => [name, refused[at]])).toEqual(expected)
})

/** 7.02 for 7.2.22. From 10.2 on, QEMU looks at the order and the root of its own chain. */
function qemuRelease(): number {
  const { stdout } = runFile(QEMU, ['--version'])
  const [, major = '0', minor = '0'] = /version (\d+)\.(\d+)/.exec(stdout) ?? []
  return Number(major) + Number(minor) / 100
}

/** Which of the folders QEMU refuses when it is told to load them, one after the other. */
async function refusedOf(rows: readonly CredentialCase[]): Promise<readonly boolean[]> {
  const qemu = await startQemu()
  await qemu.ask('{"execute":"qmp_capabilities"}')
  const refused: boolean[] = []
  for (const [at, row] of rows.entries()) {
    const dir = scratchFolder()
    writeFiles(dir, filesOf(row))
    const properties = { 'qom-type': 'tls-creds-x509', id: `tls${at}`, endpoint: row.role, dir }
    const answer = await qemu.ask(JSON.stringify({ execute: 'object-add', arguments: properties }))
    refused.push(answer?.return === undefined)
  }
  // It still answers: none of them ended it.
  expect(await qemu.ask('{"execute":"query-status"}')).toHaveProperty('return')
  return refused
}

/** Any mix of what matters, one authority and one certificate: there 7.2 and master agree. */
const descriptions = fc.record(
  {
    basicConstraints: fc.record({
      critical: fc.boolean(),
      isAuthority: fc.constantFrom(false, false, false, true),
    }),
    keyUsage: fc.record({ critical: fc.boolean(), uses: fc.subarray([...KEY_USES]) }),
    extendedKeyUsage: fc.record({
      critical: fc.boolean(),
      purposes: fc.subarray([SERVER_AUTH, CLIENT_AUTH, '2.5.29.37.0', '1.2.3.4'], { minLength: 1 }),
    }),
    until: fc.constantFrom(24, 24, 24, 24, 24, -1),
  },
  { requiredKeys: [] },
)

const authorities = fc.oneof({ weight: 4, arbitrary: fc.constant({}) }, descriptions)

const randomCases = fc
  .tuple(fc.constantFrom<TlsRole>('server', 'client'), authorities, descriptions)
  .map(([role, above, below]): CredentialCase => {
    const authority = make({ subject: 'Test CA', ...AUTHORITY, ...above })
    const own = make({ subject: 'own', issuer: authority, ...ENDPOINT, ...below })
    return { name: 'random', role, chain: [own], authorities: [authority], verdict: undefined }
  })

testWith(QEMU, 'QEMU and we agree on random certificates', async () => {
  const cases = fc.sample(randomCases, { numRuns: 60, seed: 4 })
  const ours = cases.map((row) => judgeOwn(row) !== undefined)
  const theirs = await refusedOf(cases)
  const verdicts = cases.map(({ role, authorities, chain }, at) => ({
    row: [role, authorities[0]?.description, chain[0]?.description],
    theirs: theirs[at],
    ours: ours[at],
  }))
  expect(verdicts.filter(({ theirs, ours }) => theirs !== ours)).toEqual([])
  expect(verdicts.filter(({ ours }) => !ours).length).toBeGreaterThan(15)
})
