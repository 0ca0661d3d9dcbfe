import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { GNUTLS_RELEASES } from '../../src/priority/releases.ts'
import { builtInConfigFile, findInstalledGnutls } from '../../src/system/installed-gnutls.ts'
import { runFile, scratchFolder } from '../cli/command.ts'
import { testWith } from '../peers/peer.ts'

/** A host with a library of such a name. */
function hostWith(folder: string, name: string, content = ''): string {
  const root = scratchFolder()
  mkdirSync(join(root, folder), { recursive: true })
  writeFileSync(join(root, folder, name), content)
  symlinkSync(name, join(root, folder, 'libgnutls.so.30'))
  return root
}

testWith(
  'gnutls-cli',
  'the release is the one that gnutls-cli names, or the last before it',
  () => {
    const [, version = ''] = /^gnutls-cli (\S+)/.exec(runFile('gnutls-cli', ['-v']).stdout) ?? []
    const release = findInstalledGnutls()?.release
    expect(GNUTLS_RELEASES).toContain(release)
    if ((GNUTLS_RELEASES as readonly string[]).includes(version)) expect(release).toBe(version)
  },
)

testWith('strace', 'the file is the one that gnutls-cli opens', () => {
  const env = { LC_ALL: 'C' }
  const args = ['-f', 'gnutls-cli', '-l', '--priority', '@SYSTEM']
  const { stderr } = runFile('strace', args, { env })
  const installed = findInstalledGnutls()
  if (!installed) throw new Error('gnutls-cli is there and its library is not')
  expect(stderr).toContain(`"${builtInConfigFile(installed)}"`)
})

describe('releases by the names of libraries', () => {
  test.each([
    ['usr/lib64', 'libgnutls.so.30.34.3', '3.7.9'],
    ['usr/lib64', 'libgnutls.so.30.37.1', '3.7.9'],
    ['usr/lib64', 'libgnutls.so.30.40.3', '3.8.9'],
    ['lib64', 'libgnutls.so.30.42.0', '3.8.13'],
    ['usr/lib', 'libgnutls.so.30.43.0', 'newest'],
  ])('%s/%s is %s', (folder, name, release) => {
    expect(findInstalledGnutls(hostWith(folder, name))?.release).toBe(release)
  })

  test('none is found where none is, or where its name says nothing', () => {
    expect(findInstalledGnutls(scratchFolder())).toBe(undefined)
    expect(findInstalledGnutls(hostWith('usr/lib64', 'libgnutls.so.31'))).toBe(undefined)
  })
})

test('the file is a string in the library, and no part of a longer one', () => {
  const content = '\0x/etc/gnutls/config\0/etc/crypto-policies/back-ends/gnutls.config\0'
  const found = findInstalledGnutls(hostWith('usr/lib64', 'libgnutls.so.30.41.0', content))
  expect(found && builtInConfigFile(found)).toBe('/etc/crypto-policies/back-ends/gnutls.config')
})
