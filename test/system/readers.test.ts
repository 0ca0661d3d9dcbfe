/** Which configurations of a host lead a program to the files of a policy. */
import { mkdirSync, symlinkSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { listIncluded } from '../../src/system/included-files.ts'
import { findReaders } from '../../src/system/readers.ts'
import { runFile, scratchFolder, writeFiles } from '../cli/command.ts'

const BASE = '/etc/crypto-policies'
const NAMED = `include ${BASE}/back-ends/x.config\n`

function isRead(backend: string, files: Readonly<Record<string, string>>, base = BASE): boolean {
  const root = scratchFolder()
  writeFiles(root, files)
  return findReaders(base, root)(backend)
}

/** Where Debian, Fedora and openSUSE keep them, as their packages list. */
const PLACES: readonly (readonly [backend: string, path: string])[] = [
  ['bind', 'etc/named.conf'],
  ['bind', 'etc/bind/named.conf.options'],
  ['bind', 'etc/named/local.conf'],
  ['krb5', 'etc/krb5.conf'],
  ['krb5', 'etc/krb5.conf.d/crypto-policies'],
  ['libreswan', 'etc/ipsec.conf'],
  ['libreswan', 'etc/ipsec.d/policy.conf'],
  ['openssh', 'etc/ssh/ssh_config'],
  ['openssh', 'etc/ssh/ssh_config.d/50-redhat.conf'],
  ['openssh', 'usr/etc/ssh/ssh_config.d/50-suse.conf'],
  ['opensshserver', 'etc/ssh/sshd_config'],
  ['opensshserver', 'etc/ssh/sshd_config.d/40-redhat.conf'],
  ['opensshserver', 'usr/etc/ssh/sshd_config'],
  ['opensshserver', 'usr/etc/ssh/sshd_config.d/40-suse.conf'],
  ['opensshserver', 'usr/lib/systemd/system/sshd.service'],
  ['opensshserver', 'etc/systemd/system/sshd.service.d/override.conf'],
  ['opensshserver', 'lib/systemd/system/ssh.service'],
  ['opensshserver', 'usr/lib/systemd/system/sshd@.service'],
  ['opensshserver', 'etc/systemd/system/ssh@.service.d/a.conf'],
  ['opensslcnf', 'etc/pki/tls/openssl.cnf'],
  ['opensslcnf', 'etc/pki/tls/openssl.d/a.cnf'],
  ['opensslcnf', 'etc/ssl/openssl.cnf'],
  ['opensslcnf', 'etc/ssl/openssl.d/a.cnf'],
]

describe('a program reads what its configuration names', () => {
  test.each(PLACES)('%s: %s', (backend, path) => {
    expect(isRead(backend, { [path]: NAMED })).toBe(true)
    expect(isRead(backend, { [path]: NAMED }, '/srv/other')).toBe(false)
    expect(isRead(backend, { [path]: `# ${NAMED}` })).toBe(false)
    expect(isRead(backend === 'bind' ? 'krb5' : 'bind', { [path]: NAMED })).toBe(false)
  })

  test('and nothing where it has none', () => {
    expect(isRead('bind', {})).toBe(false)
    expect(isRead('sequoia', { 'etc/ssh/ssh_config': NAMED })).toBe(false)
  })

  test('GnuTLS reads the folder that it was built with', () => {
    expect(isRead('gnutls', {})).toBe(true)
    expect(isRead('gnutls', {}, '/srv/other')).toBe(false)
  })
})

test('doubled slashes, links and folders behind links lead there too', () => {
  const doubled = NAMED.replace('/crypto', '//crypto')
  expect(isRead('krb5', { 'etc/krb5.conf': doubled })).toBe(true)
  const root = scratchFolder()
  mkdirSync(join(root, 'etc/krb5.conf.d'), { recursive: true })
  symlinkSync(`${BASE}/back-ends/krb5.config`, join(root, 'etc/krb5.conf.d/crypto-policies'))
  expect(findReaders(BASE, root)('krb5')).toBe(true)
  expect(findReaders('/srv/other', root)('krb5')).toBe(false)
  const link = join(root, 'link')
  mkdirSync(join(root, 'real'))
  symlinkSync('real', link)
  writeFiles(root, { 'etc/ipsec.conf': `include ${join(root, 'real')}/back-ends/x\n` })
  expect(findReaders(link, root)('libreswan')).toBe(true)
})

test('what is included is looked into, once', () => {
  const files = { 'etc/ipsec.conf': 'include more/*.conf\n', 'etc/more/a.conf': NAMED }
  expect(isRead('libreswan', files)).toBe(true)
  expect(isRead('libreswan', { ...files, 'etc/more/a.conf': 'include ../ipsec.conf\n' })).toBe(
    false,
  )
})

describe('the files that a configuration includes', () => {
  const root = '/nowhere'
  test.each([
    ['include a.conf', ['a.conf']],
    ['  Include a.conf', ['a.conf']],
    ['.include a.conf', ['a.conf']],
    ['.include = a.conf', ['a.conf']],
    ['include "a.conf";', ['a.conf']],
    ["include 'a.conf' ;", ['a.conf']],
    ['INCLUDE a.conf b.conf', ['a.conf', 'b.conf']],
    ['x\ninclude /b\ninclude c', ['/b', 'c']],
    ['includes a.conf', []],
    ['no include a.conf', []],
    ['#include a.conf', []],
    ['include', []],
  ])('%j', (text, names) => {
    const expected = names.map((name) => (name.startsWith('/') ? name : join(root, name)))
    expect(listIncluded(join(root, 'main.conf'), text)).toEqual(expected)
  })

  test('a folder gives its files, a pattern those that it matches, and neither gives folders', () => {
    const folder = scratchFolder()
    writeFiles(folder, { 'd/a.conf': '', 'd/b.txt': '', 'd/deeper/c.conf': '' })
    const included = (text: string) =>
      listIncluded(join(folder, 'main'), text).map((path) => path.slice(folder.length + 1))
    expect(included('includedir d').toSorted()).toEqual(['d/a.conf', 'd/b.txt'])
    expect(included('include d/*.conf')).toEqual(['d/a.conf'])
    expect(included('include d/?.txt')).toEqual(['d/b.txt'])
    expect(included('include d/[ab].*').toSorted()).toEqual(['d/a.conf', 'd/b.txt'])
    expect(included('include none/*')).toEqual([])
    expect(included('include none')).toEqual(['none'])
  })

  test('a pattern matches the names that a shell expands it to', () => {
    const folder = scratchFolder()
    const names = ['a.conf', 'aXconf', 'b.conf', '.b.conf', 'b', 'a+b.conf', 'a-b.conf~', 'B.conf']
    writeFiles(folder, Object.fromEntries(names.map((name) => [name, ''])))
    for (const pattern of ['*', '*.conf', 'a*', '*b*', '.*conf', '*.*', '**', 'b*b', '*~', 'a+*']) {
      const { stdout } = runFile('/bin/sh', ['-c', `cd "$0" && printf '%s\\n' ${pattern}`, folder])
      const expected = stdout.split('\n').filter((name) => names.includes(name))
      const included = listIncluded(join(folder, 'main'), `include ${pattern}`)
      expect(included.map((path) => basename(path)).toSorted()).toEqual(expected.toSorted())
    }
  })
})
