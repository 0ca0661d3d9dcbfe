/** What is said of drop-ins, to the word; which of two settings counts is judged by programs elsewhere. */
import { expect, test } from 'vitest'
import { checkDropIns } from '../../src/system/drop-in-checks/all-checks.ts'

function said(count: number): readonly string[] {
  const entries = Array.from({ length: count }, (_, index) => `TLS_${index}_x`)
  const text = `jdk.tls.disabledAlgorithms=MD5, ${entries.join(', ')}\n`
  const policy = { name: 'back-ends/java.config', text }
  const dropIn = { name: 'local.d/java-a.config', text: 'jdk.tls.disabledAlgorithms=MD5\n' }
  const found = checkDropIns('java', policy, [dropIn])
  return found.map(({ message }) => message.replace(/.*leaves out /, ''))
}

test('of what a list leaves out, eight are named and the others are counted', () => {
  expect(said(0)).toEqual([])
  const eight = 'TLS_0_x, TLS_1_x, TLS_2_x, TLS_3_x, TLS_4_x, TLS_5_x, TLS_6_x, TLS_7_x'
  expect(said(1)).toEqual(['TLS_0_x'])
  expect(said(8)).toEqual([eight])
  expect(said(9)).toEqual([`${eight} and 1 more`])
  expect(said(20)).toEqual([`${eight} and 12 more`])
})
