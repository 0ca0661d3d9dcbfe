/** certtool verifies the same chains as we do. */

import { expect } from 'vitest'
import { scratchFolder, writeFiles } from '../cli/command.ts'
import { execFile } from '../peers/child-process.ts'
import { testWith } from '../peers/peer.ts'
import { pem } from '../tls/certificates.ts'
import { type ChainCase, makeChainCases } from '../x509/chain-cases.ts'
import type { Made } from '../x509/made-certificate.ts'

testWith('certtool', 'GnuTLS trusts the chains that we trust', async () => {
  const cases = makeChainCases().filter(({ differs }) => differs === undefined)
  const verdicts = await Promise.all(
    cases.map(async (row) => `${row.name}: ${(await verify(row)) ? 'trusted' : 'refused'}`),
  )
  const ours = cases.map(({ name, verdict }) => `${name}: ${verdict ? 'refused' : 'trusted'}`)
  expect(verdicts).toEqual(ours)
})

async function verify(row: ChainCase): Promise<boolean> {
  const { chain, authorities, lists, overrides = '', profile = 'low' } = row
  const folder = scratchFolder()
  const join = (made: readonly Made[]): string => made.map(({ raw }) => pem(raw)).join('')
  const files = { chain: join(chain), ca: join(authorities), crl: (lists ?? []).join('') }
  writeFiles(folder, { ...files, config: overrides })
  const args = ['--verify', '--infile', 'chain', '--load-ca-certificate', 'ca']
  const list = lists ? ['--load-crl', 'crl'] : []
  const options = {
    cwd: folder,
    env: { ...process.env, GNUTLS_SYSTEM_PRIORITY_FILE: 'config' },
  }
  const all = [...args, ...list, '--verify-profile', profile]
  return (await execFile('certtool', all, options)).status === 0
}
