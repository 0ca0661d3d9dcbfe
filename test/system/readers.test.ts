/** Which configurations of a host lead a program to the files of a policy. */
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { listIncluded } from '../../src/system/included-files.ts'
import { findReaders } from '../../src/system/readers.ts'
import { runFile, scratchFolder, writeFiles } from '../cli/command.ts'

const BASE = '/etc/crypto-policies'
const NAMED = `include ${BASE}/back-ends/x.config\n`

function hostWith(files: Readonly<Record<string, string>>): string {
  const root = scratchFolder()
  writeFiles(root, files)
  return root
}

function isRead(backend: string, files: Readonly<Record<string, string>>, base = BASE): boolean {
  return findReaders(base, hostWith(files))(backend)
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
  ...['usr/lib/systemd/system', 'lib/systemd/system', 'etc/systemd/system'].flatMap((folder) =>
    ['sshd.service', 'sshd@.service', 'ssh.service', 'ssh@.service'].flatMap((unit) => [
      ['opensshserver', `${folder}/${unit}`] as const,
      ['opensshserver', `${folder}/${unit}.d/override.conf`] as const,
    ]),
  ),
  ['opensslcnf', 'etc/pki/tls/openssl.cnf'],
  ['opensslcnf', 'etc/pki/tls/openssl.d/a.cnf'],
  ['opensslcnf', 'etc/ssl/openssl.cnf'],
  ['opensslcnf', 'etc/ssl/openssl.d/a.cnf'],
]

describe('a program reads what its configuration names', () => {
  test.each(PLACES)('%s: %s', (backend, path) => {
    const root = hostWith({ [path]: NAMED })
    const isNamed = findReaders(BASE, root)
    expect([backend, backend === 'bind' ? 'krb5' : 'bind'].map(isNamed)).toEqual([true, false])
    expect(findReaders('/srv/other', root)(backend)).toBe(false)
    writeFiles(root, { [path]: `# ${NAMED}` })
    expect(findReaders(BASE, root)(backend)).toBe(false)
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

/** The same for the programs that application policies are for. */
const APPLICATION_PLACES: readonly (readonly [backend: string, path: string])[] = [
  ['nginx', 'etc/nginx/nginx.conf'],
  ['nginx', 'etc/nginx/conf.d/a.conf'],
  ['nginx', 'etc/nginx/sites-enabled/default'],
  ['apache', 'etc/apache2/apache2.conf'],
  ['apache', 'etc/apache2/sites-enabled/000-default.conf'],
  ['apache', 'etc/apache2/conf-enabled/security.conf'],
  ['apache', 'etc/apache2/mods-enabled/ssl.conf'],
  ['apache', 'etc/httpd/conf/httpd.conf'],
  ['apache', 'etc/httpd/conf.d/ssl.conf'],
  ['haproxy', 'etc/default/haproxy'],
  ['haproxy', 'etc/sysconfig/haproxy'],
  ['haproxy', 'etc/haproxy/haproxy.cfg'],
  ['haproxy', 'etc/haproxy/conf.d/a.cfg'],
  ['haproxy', 'etc/systemd/system/haproxy.service'],
  ['haproxy', 'etc/systemd/system/haproxy.service.d/a.conf'],
  ['dovecot', 'etc/dovecot/dovecot.conf'],
  ['dovecot', 'etc/dovecot/local.conf'],
  ['dovecot', 'etc/dovecot/conf.d/10-ssl.conf'],
  ['postgresql', 'etc/postgresql/17/main/postgresql.conf'],
  ['postgresql', 'etc/postgresql/17/main/conf.d/a.conf'],
  ['postgresql', 'var/lib/pgsql/data/postgresql.conf'],
  ['postgresql', 'var/lib/pgsql/17/data/postgresql.conf'],
]

describe('a program reads the file of an application that its configuration names', () => {
  test.each(APPLICATION_PLACES)('%s: %s', (program, path) => {
    const file = `back-ends/applications/web/${program}.config`
    const root = hostWith({ [path]: `${NAMED}include ${BASE}/${file}` })
    const isNamed = findReaders(BASE, root)
    const names = ['web', 'other'].map((name) => `applications/${name}/${program}`)
    expect(names.map(isNamed)).toEqual([true, false])
    expect(names.map(findReaders('/srv/other', root))).toEqual([false, false])
  })
})

describe('a configuration that cannot be read', () => {
  /** @param make Makes what stands in the place of ipsec.conf. */
  function readsWhere(make: (path: string) => void, base: string): boolean {
    const root = scratchFolder()
    mkdirSync(join(root, 'etc'))
    make(join(root, 'etc/ipsec.conf'))
    return findReaders(base, root)('libreswan')
  }
  const circle = (path: string): void => symlinkSync('ipsec.conf', path)

  test('is taken to name the folder of the host, and no other', () => {
    expect(readsWhere(circle, BASE)).toBe(true)
    expect(readsWhere(circle, '/srv/other')).toBe(false)
  })

  test.skipIf(process.geteuid?.() !== 0)('and so is a folder of them [root]', () => {
    const root = hostWith({ 'etc/ipsec.d/a.conf': '' })
    const isRead = findReaders(BASE, root)
    const isReadElsewhere = findReaders('/srv/other', root)
    chmodSync(root, 0o755)
    chmodSync(join(root, 'etc/ipsec.d'), 0o700)
    process.seteuid?.(65_534)
    try {
      expect([isRead('libreswan'), isReadElsewhere('libreswan')]).toEqual([true, false])
    } finally {
      process.seteuid?.(0)
    }
    // Root can read it, and it names nothing.
    expect(findReaders(BASE, root)('libreswan')).toBe(false)
  })

  test('names nothing where nothing can be in it: it is gone, a pipe or no text', () => {
    expect(readsWhere((path) => symlinkSync('nowhere', path), BASE)).toBe(false)
    expect(readsWhere((path) => void runFile('mkfifo', [path]), BASE)).toBe(false)
    expect(readsWhere((path) => writeFileSync(path, Buffer.from([0xff])), BASE)).toBe(false)
  })
})

test('a comment may be indented, and a line with a number sign within it is none', () => {
  expect(isRead('krb5', { 'etc/krb5.conf': ` \t# ${NAMED}` })).toBe(false)
  expect(isRead('krb5', { 'etc/krb5.conf': `x # y ${NAMED}` })).toBe(true)
  expect(isRead('krb5', { 'etc/krb5.conf': `# x\n${NAMED}` })).toBe(true)
})

test('a relative link leads where it leads from its folder', () => {
  const root = scratchFolder()
  const base = join(root, 'etc/crypto-policies')
  mkdirSync(join(root, 'etc/krb5.conf.d'), { recursive: true })
  const target = '../crypto-policies/back-ends/krb5.config'
  symlinkSync(target, join(root, 'etc/krb5.conf.d/crypto-policies'))
  expect(findReaders(base, root)('krb5')).toBe(true)
  expect(findReaders(join(root, 'crypto-policies'), root)('krb5')).toBe(false)
})

test('so many files are looked into, five hundred with the first', () => {
  const including = (count: number) => {
    const others = Array.from({ length: count - 2 }, (_, at) => `${at}.conf`)
    return { 'etc/ipsec.conf': `include ${others.join(' ')} last.conf\n`, 'etc/last.conf': NAMED }
  }
  expect(isRead('libreswan', including(500))).toBe(true)
  expect(isRead('libreswan', including(501))).toBe(false)
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
