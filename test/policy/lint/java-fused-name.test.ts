import { expect, test } from 'vitest'
import { javaFusedName } from '../../../src/policy/lint/java-fused-name.ts'
import { findInBase, findInModule, summarize } from './rule-findings.ts'

const find = (text: string) => summarize(findInBase(javaFusedName, text))

test('says which signatures Java permits all the same', () => {
  expect(find('hash = SHA2-256\nmin_rsa_size = 2048\n')).toEqual([
    'note LINT_JAVA_FUSED_NAME BASE.pol:1:1 Java permits RIPEMD160withRSA and MD5withECDSA in TLS: `MD5withECDSARIPEMD160withRSA` in its file disables nothing',
  ])
})

test('counts MD5 in certificates where the policy has it, and no RSA where it has none', () => {
  expect(find('hash = MD5\nmin_rsa_size = 0\n')).toEqual([
    expect.stringContaining('Java permits MD5withECDSA: '),
  ])
})

test('says nothing of a module alone', () => {
  expect(findInModule(javaFusedName, 'hash = MD5+\n')).toEqual([])
})
