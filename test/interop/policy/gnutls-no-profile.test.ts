/** Which RSA keys GnuTLS takes under a policy that asks for 768 bits at the most, and under one that asks for more. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { gnutls } from '../../../src/backends/gnutls.ts'
import { findLooseness } from '../../../src/backends/looseness/looseness.ts'
import { runFile, scratchFolder } from '../../cli/command.ts'
import { testWith } from '../../peers/peer.ts'
import { shippedPolicy } from '../../shipped-policies.ts'
import { runPeer, startPeer } from '../tls-peer.ts'
import { NEWER } from './gnutls-judge.ts'

/** DEFAULT with other sizes. */
function policyOf(bits: number) {
  const module = `min_rsa_size = ${bits}\nmin_dh_size = ${bits}\n`
  return shippedPolicy('DEFAULT:M', { 'modules/M.pmod': module }).policy
}

/** A certificate of its own authority, with a key of 512 bits. */
async function serveSmallKey(folder: string): Promise<number> {
  const template = join(folder, 'template')
  writeFileSync(template, 'cn=localhost\ndns_name=localhost\nca\nsigning_key\ncert_signing_key\n')
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  runFile('certtool', ['--generate-privkey', '--bits', '512', '--outfile', key])
  const signed = ['--load-privkey', key, '--template', template, '--outfile', cert]
  runFile('certtool', ['--generate-self-signed', ...signed])
  const identity = ['-cert', cert, '-key', key, '-cipher', 'ALL:@SECLEVEL=0', '-tls1_2', '-quiet']
  return startPeer('openssl', (port) => ['s_server', '-accept', `${port}`, ...identity])
}

/** Whether gnutls-cli trusts the server under the file of a policy. */
async function isTrusted(folder: string, port: number, bits: number): Promise<boolean> {
  const file = join(folder, `gnutls-${bits}.config`)
  writeFileSync(file, gnutls.generate(policyOf(bits)).replaceAll(NEWER, ''))
  const args = ['--x509cafile', join(folder, 'cert.pem'), '-p', `${port}`, '--priority', '@SYSTEM']
  const { output } = await runPeer('gnutls-cli', [...args, 'localhost'], {
    GNUTLS_SYSTEM_PRIORITY_FILE: file,
  })
  if (!output.includes('- Status: ')) throw new Error(output)
  return output.includes('The certificate is trusted')
}

testWith('gnutls-cli', 'GnuTLS takes keys of any size where very_weak is written', async () => {
  const folder = scratchFolder()
  const port = await serveSmallKey(folder)
  const trusted = [await isTrusted(folder, port, 768), await isTrusted(folder, port, 1024)]
  expect(trusted).toEqual([true, false])
  const told = [768, 1024, 1].map((bits) =>
    findLooseness(policyOf(bits), { backend: 'gnutls' }).flatMap(({ kept }) => kept),
  )
  const any = ['RSA keys of any size', 'Diffie-Hellman keys of any size']
  expect(told).toEqual([any, [], any])
})
