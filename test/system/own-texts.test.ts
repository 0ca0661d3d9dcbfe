/** Small texts of a host: drop-ins, names of policies, sections of gnutls.config, versions of libraries. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { appendStrings } from '../../src/system/appended-strings.ts'
import { checkDropIns } from '../../src/system/drop-in-checks/all-checks.ts'
import { checkGnutlsDropIn, hasDropIns, readDropIns } from '../../src/system/drop-ins.ts'
import { findHostReleases } from '../../src/system/host-releases.ts'
import { checkSelection } from '../../src/system/policy-selection.ts'
import { scratchFolder, writeFiles } from '../cli/command.ts'

describe('strings of applications stand below [priorities]', () => {
  test.each([
    ['', 'A=NORMAL\n'],
    ['SYSTEM=NORMAL\n', 'SYSTEM=NORMAL\nA=NORMAL\n'],
    ['[priorities]\nSYSTEM=NORMAL', '[priorities]\nSYSTEM=NORMAL\nA=NORMAL\n'],
    ['[overrides]\nx = y\n', '[overrides]\nx = y\n[priorities]\nA=NORMAL\n'],
    ['[priorities]\n \t[global]\n', '[priorities]\n \t[global]\n[priorities]\nA=NORMAL\n'],
    ['[overrides]\n[priorities]\n', '[overrides]\n[priorities]\nA=NORMAL\n'],
    ['[priorities]\nX=[overrides]\n', '[priorities]\nX=[overrides]\nA=NORMAL\n'],
  ])('behind %j', (text, whole) => {
    expect(appendStrings(text, 'A=NORMAL\n')).toBe(whole)
    expect(appendStrings(text, '')).toBe(text)
  })
})

describe('a drop-in of gnutls', () => {
  test.each([
    ['LIBVIRT=NORMAL\n# why\n; and\n[overrides]\nx = y\n\n', []],
    ['NORMAL:-VERS-TLS1.2', ['DROPIN_GNUTLS_BARE_PRIORITY 0-19']],
    ['@SYSTEM', ['DROPIN_GNUTLS_BARE_PRIORITY 0-7']],
    ['+VERS-TLS1.3', ['DROPIN_GNUTLS_BARE_PRIORITY 0-12']],
    ['%COMPAT', ['DROPIN_GNUTLS_BARE_PRIORITY 0-7']],
    ['A=B\n  libvirt normal\n', ['DROPIN_GNUTLS_SYNTAX 6-20']],
    ['=NORMAL', ['DROPIN_GNUTLS_SYNTAX 0-7']],
    ['LIBVIRT : NORMAL', ['DROPIN_GNUTLS_SYNTAX 0-16']],
  ])('%j', (text, found) => {
    const told = checkGnutlsDropIn({ name: 'gnutls-x.config', text })
    expect(told.map(({ code, span }) => `${code} ${span?.start}-${span?.end}`)).toEqual(found)
  })
})

test('a drop-in of sshd in the form of an older unit of systemd is told, line by line', () => {
  const text = "# CRYPTO_POLICY=\nCRYPTO_POLICY='-oCiphers=aes128-ctr'\n  -oMACs=x\nCiphers a-o\n"
  const policy = { name: 'policy', text: 'MACs b\n' }
  const told = (backend: string) =>
    checkDropIns(backend, policy, [{ name: `${backend}-a.config`, text }]).map(
      ({ code, span }) => `${code} ${span?.start}-${span?.end}`,
    )
  expect(told('opensshserver')).toEqual([
    'DROPIN_SSHD_COMMAND_LINE 17-53',
    'DROPIN_SSHD_COMMAND_LINE 54-64',
  ])
  expect(told('openssh')).toEqual([])
})

test('of drop-ins those that run into the next one are told of', () => {
  const folder = scratchFolder()
  writeFiles(folder, {
    'nss-a.config': '\nunended',
    'nss-b.config': '',
    'nss-c.config': 'ended\n',
    'nss-d.config': 'the last one',
  })
  const { sources, diagnostics } = readDropIns(folder, 'nss')
  expect(sources.map(({ text }) => text)).toEqual(['\nunended', '', 'ended\n', 'the last one'])
  expect(diagnostics.map(({ code, span }) => [code, span?.source.name, span?.start])).toEqual([
    ['DROPIN_UNENDED', join(folder, 'nss-a.config'), 7],
  ])
})

test('a folder has drop-ins where a file has the name of one', () => {
  const has = (...names: string[]): boolean => {
    const folder = scratchFolder()
    writeFiles(folder, Object.fromEntries(names.map((name) => [name, ''])))
    return hasDropIns(folder)
  }
  expect(has()).toBe(false)
  expect(has('README', 'nss.config', 'nss-a.config.rpmsave', '-a.config')).toBe(false)
  expect(has('nss-a.config')).toBe(true)
  expect(hasDropIns('/nowhere')).toBe(false)
})

describe('the name of a policy', () => {
  const isGood = (policy: string, ...modules: string[]): boolean => {
    try {
      checkSelection({ policy, modules }, { argument: 'here' })
      return true
    } catch (error) {
      expect((error as Error).message).toMatch(/./)
      return false
    }
  }

  test('has at most 200 characters', () => {
    expect(isGood('A'.repeat(200))).toBe(true)
    expect(isGood('A'.repeat(201))).toBe(false)
    expect(isGood('A', 'B'.repeat(201))).toBe(false)
  })

  test.each(['A', 'a-b_c.d+e', '_x', '-x', 'É', '4'])('may be %j', (name) => {
    expect(isGood(name)).toBe(true)
    expect(isGood('A', name)).toBe(true)
  })

  test.each(['', '.', '.a', '+a', 'a/b', '../a', 'a b', 'a\n', 'a\0', 'a:b'])(
    'is not %j',
    (name) => {
      expect(isGood(name)).toBe(false)
      expect(isGood('A', name)).toBe(false)
    },
  )
})

describe('the OpenSSL of a host', () => {
  /** A host whose library holds these bytes. */
  function releaseWith(content: string): string | undefined {
    const root = scratchFolder()
    const folder = join(root, 'usr/lib64')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'libcrypto.so.3.9.9'), content)
    symlinkSync('libcrypto.so.3.9.9', join(folder, 'libcrypto.so.3'))
    return findHostReleases(root).openssl
  }

  test.each([
    ['\0OpenSSL 3.0.17 1 Jul 2025\0', '3.0'],
    ['\0OpenSSL 3.5.1 1 Jul 2025\0', '3.5'],
    ['\0OpenSSL 3.5.0-beta1 1 Jul 2025\0', '3.5'],
    ['OpenSSL 3.5.1\0', '3.0'],
    ['\0OpenSSL 3.x\0', '3.0'],
    ['', '3.0'],
  ])('whose library holds %j is %s', (content, release) => {
    expect(releaseWith(content)).toBe(release)
  })

  test('is the oldest where there is none', () => {
    expect(findHostReleases(scratchFolder()).openssl).toBe('3.0')
  })
})
