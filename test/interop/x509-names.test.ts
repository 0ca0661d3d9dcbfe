/** certtool compares hosts as we do, and QEMU authorizes by the names that we print. */
import { expect } from 'vitest'
import { parseCertificates } from '../../src/x509/certificate.ts'
import { scratchFolder, writeFiles } from '../cli/command.ts'
import { testWith } from '../peers/peer.ts'
import { HOST_CASES, MAPPED_BY_GNUTLS } from '../x509/host-cases.ts'
import { AUTHORITY, type Description, ENDPOINT, make } from '../x509/made-certificate.ts'
import { isLetIn, succeeds } from './qemu-nbd.ts'

const authority = make({ subject: 'Test CA', ...AUTHORITY })

testWith('certtool', 'GnuTLS accepts the hosts that we accept', async () => {
  const cases = HOST_CASES.filter(([, , host]) => !MAPPED_BY_GNUTLS.includes(host))
  const verdicts = await Promise.all(
    cases.map(async ([name, description, host]) => {
      const folder = scratchFolder()
      const own = make({ issuer: authority, ...ENDPOINT, subject: 'x', ...description })
      writeFiles(folder, { own: own.certificate, ca: authority.certificate })
      const files = ['--infile', 'own', '--load-ca-certificate', 'ca']
      const args = ['--verify', ...files, '--verify-hostname', host]
      return `${name}: ${await succeeds('certtool', args, folder)}`
    }),
  )
  expect(verdicts).toEqual(cases.map(([name, , , fits]) => `${name}: ${fits}`))
})

const SUBJECT: Description['subject'] = [
  [['2.5.4.6', 0x13, Buffer.from('UK')]],
  [
    ['2.5.4.10', 0x0c, Buffer.from('A, B')],
    ['2.5.4.11', 0x1e, Buffer.from('é', 'utf16le').swap16()],
  ],
  [['1.2.3.4', 0x0c, Buffer.from('x')]],
  [['2.5.4.3', 0x0c, Buffer.from('evil,CN=qemu ')]],
]

testWith('nbdinfo', 'QEMU lets the name in that we print, and no other', async () => {
  const folder = scratchFolder()
  const server = make({ subject: 'localhost', issuer: authority, ...ENDPOINT })
  const client = make({ subject: SUBJECT, issuer: authority, ...ENDPOINT })
  writeFiles(folder, {
    'ca-cert.pem': authority.certificate,
    'server-cert.pem': server.certificate,
    'server-key.pem': server.key,
    'client-cert.pem': client.certificate,
    'client-key.pem': client.key,
    image: Buffer.alloc(512),
  })
  const [certificate] = parseCertificates({ name: 'x', text: client.certificate })
  const name = certificate?.subject ?? ''
  expect(await isLetIn(folder, 'first', { identity: name })).toBe(true)
  expect(await isLetIn(folder, 'second', { identity: `${name}x` })).toBe(false)
})
