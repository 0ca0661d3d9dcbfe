/** QEMU judges the same folders of credentials as we do. */
import { execFile } from 'node:child_process'
import { expect } from 'vitest'
import { scratchFolder, writeFiles } from '../cli/command.ts'
import { testWith } from '../peers/peer.ts'
import { type CredentialCase, filesOf, makeCases } from '../tls/x509/credential-cases.ts'

testWith('qemu-img', 'QEMU 7.2 refuses what we refuse and loads what we load', async () => {
  const cases = makeCases()
  const expected = cases.map(({ name, verdict, oldRefuses }) => [
    name,
    oldRefuses ?? verdict !== undefined,
  ])
  const verdicts = await Promise.all(
    cases.map(async (row) => [row.name, (await refuses(row)) !== undefined]),
  )
  expect(verdicts).toEqual(expected)
})

/** Makes the object, which loads and checks the files; the image is of no interest. */
function refuses(row: CredentialCase): Promise<string | undefined> {
  const folder = scratchFolder()
  writeFiles(folder, { ...filesOf(row), image: 'x'.repeat(512) })
  const object = `tls-creds-x509,id=tls0,endpoint=${row.role},dir=${folder}`
  const args = ['info', '--object', object, '-f', 'raw', `${folder}/image`]
  return new Promise((resolve) => {
    execFile('qemu-img', args, (error, _, stderr) => resolve(error ? stderr : undefined))
  })
}
