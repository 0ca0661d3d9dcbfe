/** When a list was made and when the next is due, as openssl reads it too. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseRevocationLists } from '../../src/x509/revocation-list.ts'
import { runFile, scratchFolder, writeFiles } from '../cli/command.ts'
import { testWith } from '../peers/peer.ts'
import { AUTHORITY, make, makeList } from './made-certificate.ts'

const signer = make({ subject: 'root', ...AUTHORITY })

test.each([2030, 2060])('the times of a list of %d', (year) => {
  const text = makeList({ signer, revoked: [1], at: Date.UTC(year, 2, 3, 4, 5, 6) })
  const [list] = parseRevocationLists({ name: 'ca-crl.pem', text })
  expect(list?.thisUpdate.toISOString()).toBe(`${year}-03-01T04:05:06.000Z`)
  expect(list?.nextUpdate?.toISOString()).toBe(`${year}-03-04T04:05:06.000Z`)
})

testWith('openssl', 'openssl reads the same times', () => {
  const text = makeList({ signer, revoked: [1], at: Date.UTC(2030, 2, 3, 4, 5, 6) })
  const folder = scratchFolder()
  writeFiles(folder, { 'crl.pem': text })
  const args = ['crl', '-in', join(folder, 'crl.pem'), '-noout', '-lastupdate', '-nextupdate']
  const { stdout } = runFile('openssl', args)
  const times = [...stdout.matchAll(/Update=(.*)$/gm)].map(([, time = '']) => new Date(time))
  const [list] = parseRevocationLists({ name: 'ca-crl.pem', text })
  expect(times).toEqual([list?.thisUpdate, list?.nextUpdate])
})
