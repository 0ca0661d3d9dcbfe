/** Our verdict on the files of a case. */
import { readX509Files } from '../../src/x509/credential-files.ts'
import { checkOwnCertificates } from '../../src/x509/sanity-check.ts'
import { scratchFolder, writeFiles } from '../cli/command.ts'
import { type CredentialCase, filesOf } from './credential-cases.ts'
import { evaluationOf } from './evaluation.ts'

/** The code of the first refusal, if there is one. */
export function judgeOwn(row: CredentialCase): string | undefined {
  const folder = scratchFolder()
  writeFiles(folder, filesOf(row))
  const files = readX509Files(folder, row.role)
  const chain = files.identities[0]?.chain ?? []
  const evaluation = evaluationOf('NORMAL')
  const found = checkOwnCertificates({ role: row.role, ...files, chain, evaluation })
  return found.find(({ severity }) => severity === 'error')?.code
}
