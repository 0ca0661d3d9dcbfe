/** QEMU judges the same folders of credentials as we do. */

import { expect } from 'vitest'
import type { TlsRole } from '../../src/algorithms/tls-role.ts'
import { KEY_USES } from '../../src/x509/certificate.ts'
import { runFile, scratchFolder, writeFiles } from '../cli/command.ts'
import { execFile } from '../peers/child-process.ts'
import { testWith } from '../peers/peer.ts'
import { fc } from '../seed.ts'
import { type CredentialCase, filesOf, makeCases } from '../x509/credential-cases.ts'
import { judgeOwn } from '../x509/judge-own.ts'
import { AUTHORITY, CLIENT_AUTH, ENDPOINT, make, SERVER_AUTH } from '../x509/made-certificate.ts'

testWith('qemu-img', 'QEMU refuses what we refuse and loads what we load', async () => {
  const cases = makeCases()
  const isOld = qemuRelease() < 10.02
  const expected = cases.map(({ name, verdict, oldRefuses }) => [
    name,
    (isOld ? oldRefuses : undefined) ?? verdict !== undefined,
  ])
  const refused = await refusedOf(
    cases,
    expected.map(([, isRefused]) => isRefused === true),
  )
  expect(cases.map(({ name }, at) => [name, refused[at]])).toEqual(expected)
})

/** 7.02 for 7.2.22. From 10.2 on, QEMU looks at the order and the root of its own chain. */
function qemuRelease(): number {
  const { stdout } = runFile('qemu-img', ['--version'])
  const [, major = '0', minor = '0'] = /version (\d+)\.(\d+)/.exec(stdout) ?? []
  return Number(major) + Number(minor) / 100
}

/** Which of the folders QEMU refuses. It loads all that it should take in one run; those that it should not, each in one. */
async function refusedOf(
  rows: readonly CredentialCase[],
  expected: readonly boolean[],
): Promise<readonly boolean[]> {
  const takesAll = await loads(rows.filter((_, at) => !expected[at]))
  return Promise.all(
    rows.map(async (row, at) => !(takesAll && !expected[at]) && !(await loads([row]))),
  )
}

/** Makes objects, which loads and checks the files; the image is of no interest. */
async function loads(rows: readonly CredentialCase[]): Promise<boolean> {
  const folder = scratchFolder()
  writeFiles(folder, { image: 'x'.repeat(512) })
  const objects = rows.flatMap((row, at) => {
    const dir = `${folder}/${at}`
    writeFiles(dir, filesOf(row))
    return ['--object', `tls-creds-x509,id=tls${at},endpoint=${row.role},dir=${dir}`]
  })
  const args = ['info', ...objects, '-f', 'raw', `${folder}/image`]
  return (await execFile('qemu-img', args)).status === 0
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

testWith('qemu-img', 'QEMU and we agree on random certificates', async () => {
  const cases = fc.sample(randomCases, { numRuns: 60, seed: 4 })
  const ours = cases.map((row) => judgeOwn(row) !== undefined)
  const theirs = await refusedOf(cases, ours)
  const verdicts = cases.map(({ role, authorities, chain }, at) => ({
    row: [role, authorities[0]?.description, chain[0]?.description],
    theirs: theirs[at],
    ours: ours[at],
  }))
  expect(verdicts.filter(({ theirs, ours }) => theirs !== ours)).toEqual([])
  expect(verdicts.filter(({ ours }) => !ours).length).toBeGreaterThan(15)
})
