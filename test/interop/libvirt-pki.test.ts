/** Folders in the layout of libvirt, judged by its own check of them. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { createAuthority } from '../../src/pki/authority.ts'
import { hostOfCommonName } from '../../src/pki/host-names.ts'
import { layoutAt } from '../../src/pki/layout.ts'
import { findProgram } from '../../src/system/consumers/consumer.ts'
import { runFile, scratchFolder } from '../cli/command.ts'
import { testWith } from '../peers/peer.ts'
import { issue, strengthOf } from '../pki/credentials.ts'

const NAME = 'Example'

/** What the program says of what is in a folder instead of /etc. It is a script with a fixed path. */
function validate(folder: string): string {
  const script = readFileSync(findProgram('virt-pki-validate') ?? '', 'utf8')
  const moved = script.replace(/^SYSCONFDIR=.*$/m, `SYSCONFDIR="${folder}"`)
  expect(moved).not.toBe(script)
  const path = join(folder, 'validate')
  writeFileSync(path, moved)
  const { status, stdout, stderr } = runFile('sh', [path])
  expect(`${status} ${stderr}`).toBe('0 ')
  return stdout.replaceAll(folder, '')
}

function makeHost(): string {
  const folder = scratchFolder()
  const from = layoutAt('libvirt', scratchFolder())
  const out = layoutAt('libvirt', join(folder, 'pki'))
  createAuthority({ layout: from, strength: strengthOf(), subject: { commonName: NAME } })
  const host = hostOfCommonName(hostname())
  const names = { layout: from, out, organization: NAME }
  const hosts = host ? [host] : []
  issue('', 'server', 'ecdsa', { ...names, commonName: hostname(), hosts })
  issue('', 'client', 'ecdsa', names)
  return folder
}

testWith('virt-pki-validate', 'libvirt finds all, and remarks on the key of the client', () => {
  const folder = makeHost()
  const found = [
    'Found CA certificate /pki/CA/cacert.pem for Example',
    'Found client certificate /pki/libvirt/clientcert.pem for laptop',
    'Found client private key /pki/libvirt/private/clientkey.pem',
  ]
  const server = [
    `Found server certificate /pki/libvirt/servercert.pem for ${hostname()}`,
    'Found server private key /pki/libvirt/private/serverkey.pem',
  ]
  // The script wants every user to read it, and a root to own it.
  const isRemark = (line: string) =>
    /^as root do: |should be owned by root$|^The client private key need/.test(line)
  const linesOf = () => validate(folder).trim().split('\n').slice(1)
  expect(linesOf().filter((line) => !isRemark(line))).toEqual([...found, ...server])
  chmodSync(join(folder, 'pki', 'libvirt', 'private', 'clientkey.pem'), 0o644)
  const left = linesOf().filter((line) => !/owned by root$|chown root/.test(line))
  expect(left).toEqual([...found, ...server])
})
