import { expect, test } from 'vitest'
import { hasErrors } from '../../../src/diagnostics/diagnostic.ts'
import { readX509Files } from '../../../src/tls/x509/credential-files.ts'
import { checkOwnCertificates } from '../../../src/tls/x509/sanity-check.ts'
import { scratchFolder, writeFiles } from '../../cli/command.ts'
import { type CredentialCase, filesOf, makeCases } from './credential-cases.ts'
import { evaluationOf } from './evaluation.ts'

const CASES = makeCases()

test.each(CASES)('$name ($role)', (row) => {
  const diagnostics = judge(row)
  expect(diagnostics.map(({ code }) => code)[0]).toBe(row.verdict)
  expect(hasErrors(diagnostics)).toBe(row.verdict !== undefined)
})

function judge(row: CredentialCase) {
  const folder = scratchFolder()
  writeFiles(folder, filesOf(row))
  const { authorities, revocationLists, identities } = readX509Files(folder, row.role)
  const [identity] = identities
  const evaluation = evaluationOf('NORMAL')
  const { role } = row
  return checkOwnCertificates({
    role,
    chain: identity?.chain ?? [],
    authorities,
    revocationLists,
    evaluation,
  })
}
