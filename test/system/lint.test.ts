/** What lint says of the files of a host: policies by name and by path, drop-ins, policies of applications. */
import { readFileSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { fixFiles, lintTargets } from '../../src/system/lint.ts'
import { isApplicationFile, lintApplication } from '../../src/system/lint-applications.ts'
import { scratchFolder, writeFiles } from '../cli/command.ts'
import { refusal } from '../diagnostic-code.ts'
import { spawn } from '../peers/child-process.ts'

/** Nothing in it is weak or in vain. */
const BASE = [
  'cipher = AES-256-GCM AES-128-GCM CHACHA20-POLY1305',
  'mac = AEAD HMAC-SHA2-256',
  'hash = SHA2-256 SHA2-384 SHA2-512',
  'group = X25519 SECP256R1 FFDHE-2048',
  'sign = RSA-SHA2-256 ECDSA-SHA2-256',
  'key_exchange = ECDHE DHE-RSA',
  'protocol@TLS = TLS1.3 TLS1.2',
  'min_rsa_size = 2048',
  'min_dh_size = 2048',
  '',
].join('\n')

const SYSTEM = {
  name: 'OURS',
  inputs: [{ source: { name: 'OURS.pol', text: BASE }, kind: 'base' as const }],
}

describe('the policy of an application', () => {
  function codesOf(text: string, name = 'web'): readonly string[] {
    const source = { name: `/x/applications/${name}.pmod`, text }
    return lintApplication(source, SYSTEM).map(({ code }) => code)
  }

  test.each<[string, readonly string[]]>([
    ['hash = -SHA2-512\n', []],
    ['# %keyword=X\nhash = -SHA2-512\n', []],
    ['# %back_ends=nginx\nhash = -SHA2-256\n', []],
    ['# %back_ends=nginx\n# %keyword=X\n', ['APPLICATION_KEYWORD_UNWRITTEN']],
    ['# %back_ends=nginx,gnutls\n# %keyword=X\n', []],
    ['cipher = +RC4-128\n', ['LINT_WEAK_ALGORITHM', 'APPLICATION_EXCEEDS']],
    ['# %no_such=1\nhash = -MD6\n', ['APPLICATION_UNKNOWN_PRAGMA', 'POLICY_UNKNOWN_ALGORITHM']],
    ['# %no_such=1\ncipher = +RC4-128\n', ['APPLICATION_UNKNOWN_PRAGMA', 'LINT_WEAK_ALGORITHM']],
    ['hash = -MD6\n', ['POLICY_UNKNOWN_ALGORITHM']],
    ['hash = -SHA2-512 -SHA2-512\n', ['LINT_DUPLICATE_VALUE']],
    ['cipher@ssh = -AES-256-GCM\n', ['APPLICATION_NO_EFFECT']],
    // A class that is empty is told where it is compiled.
    ['key_exchange = -ECDHE -DHE-RSA\n', []],
  ])('%j', (text, codes) => {
    expect(codesOf(text)).toEqual(codes)
  })

  test('of a program whose keyword is built in has that one', () => {
    for (const name of ['libvirt', 'qemu']) {
      expect(codesOf('hash = -SHA2-512\n', name)).toEqual([])
      expect(codesOf(`# %keyword=${name.toUpperCase()}\n`, name)).toEqual([])
      expect(codesOf('# %keyword=OTHER\n', name)).toEqual(['APPLICATION_KEYWORD_UNASKED'])
      expect(codesOf('# %keyword=SYSTEMS\n', name)).toEqual(['APPLICATION_KEYWORD_UNASKED'])
    }
  })

  test('is known by its folder and its ending', () => {
    expect(isApplicationFile('/x/applications/a.pmod')).toBe(true)
    expect(isApplicationFile('applications/a.pmod')).toBe(true)
    for (const path of ['/applications/x/a.pmod', 'a.pmod', 'applications/a.pol', 'applications']) {
      expect(isApplicationFile(path)).toBe(false)
    }
  })
})

const OF_EVERY_SMALL_POLICY = /^(?:BACKEND_CANNOT_SAY|LINT_EMPTY_CLASS|LINT_JAVA_FUSED_NAME)$/

/** A host on which `OURS` is configured. */
function hostWith(files: Readonly<Record<string, string>> = {}) {
  const directories = { base: scratchFolder(), profile: '/nowhere' }
  writeFiles(directories.base, { config: 'OURS\n', 'policies/OURS.pol': BASE, ...files })
  const path = (name: string) => join(directories.base, name)
  const lint = (...targets: readonly string[]) =>
    lintTargets(targets, directories)
      .filter(({ code }) => !OF_EVERY_SMALL_POLICY.test(code))
      .map(({ code, span, severity }) =>
        `${severity} ${code} ${span?.source.name.replace(`${directories.base}/`, '') ?? ''}`.trim(),
      )
  return { directories, path, lint }
}

const ODD_DROP_INS = {
  'local.d/gnutls-a.config': 'NORMAL\n',
  'local.d/java-a.config': 'jdk.tls.disabledAlgorithms=R*A\n',
  'local.d/nosuch-a.config': '',
  'local.d/README': '',
}

describe('without a target', () => {
  test('the configured policy is looked at', () => {
    expect(hostWith().lint()).toEqual([])
    const weak = { 'policies/OURS.pol': `${BASE}cipher = +RC4-128\n` }
    expect(hostWith(weak).lint()).toEqual(['warning LINT_WEAK_ALGORITHM policies/OURS.pol'])
    expect(hostWith({ config: 'NONE\n' }).lint()).toEqual(['error POLICY_NOT_FOUND'])
    expect(hostWith({ config: '../x\n' }).lint()).toEqual(['error POLICY_BAD_NAME'])
    expect(hostWith({ config: '#\n' }).lint()).toEqual(['error POLICY_NO_NAME'])
  })

  test('what libraries keep is told of a policy that is whole and right', () => {
    const tellsOfLibraries = (target: string, files: Readonly<Record<string, string>> = {}) => {
      const { directories } = hostWith(files)
      const codes = lintTargets([target], directories).map(({ code }) => code)
      return codes.includes('BACKEND_CANNOT_SAY')
    }
    expect(tellsOfLibraries('OURS')).toBe(true)
    expect(tellsOfLibraries('OURS', { 'policies/OURS.pol': `${BASE}hash = MD6\n` })).toBe(false)
    const module = { 'policies/modules/M.pmod': 'hash = -SHA2-512\n' }
    expect(tellsOfLibraries('OURS:M', module)).toBe(true)
  })

  test('drop-ins are looked at, and what keeps that from being done is told once', () => {
    const found = [
      'error DROPIN_STOPS_PROGRAMS local.d/java-a.config',
      'error DROPIN_GNUTLS_BARE_PRIORITY local.d/gnutls-a.config',
      'warning DROPIN_OF_NO_BACKEND',
    ]
    const told = hostWith(ODD_DROP_INS).lint()
    expect(told.toSorted()).toEqual(expect.arrayContaining(found.toSorted()))
    expect(told.filter((one) => /DROPIN_(?:STOPS|GNUTLS|OF_NO)/.test(one))).toHaveLength(3)
    const broken = { ...ODD_DROP_INS, 'policies/OURS.pol': 'odd\n' }
    expect(
      hostWith(broken)
        .lint()
        .filter((one) => one.includes('MISSING_EQUALS')),
    ).toHaveLength(1)
  })

  test('so are policies of applications that are in force', () => {
    const same = '# %keyword=SAME\nhash = -SHA2-512\n'
    const { path, lint } = hostWith({
      'applications/a.pmod': same,
      'applications/b.pmod': same,
      'applications/c.pmod': 'odd\n',
      'applications/d.pmod': '',
      'applications/e.pmod': 'hash = -SHA2-512 -SHA2-512\n',
      'applications/f.pmod.disabled': 'odd\n',
    })
    expect(lint()).toEqual([
      'error POLICY_MISSING_EQUALS applications/c.pmod',
      'warning LINT_DUPLICATE_VALUE applications/e.pmod',
      'error APPLICATION_SAME_KEYWORD applications/b.pmod',
    ])
    expect(lint(path('applications/e.pmod'))).toEqual([
      'warning LINT_DUPLICATE_VALUE applications/e.pmod',
    ])
    expect(lint(path('applications/f.pmod'))).toEqual(['error FILE_MISSING'])
  })
})

describe('a target is', () => {
  test('a policy by its name', () => {
    const { lint } = hostWith({ 'policies/modules/M.pmod': 'hash = -SHA2-512 -SHA2-512\n' })
    expect(lint('OURS')).toEqual([])
    expect(lint('ours:m')).toEqual(['warning LINT_DUPLICATE_VALUE policies/modules/M.pmod'])
    expect(lint('a/b')).toEqual(['error POLICY_BAD_NAME'])
    expect(lint('OURS', 'NONE', 'a/b')).toEqual(['error POLICY_NOT_FOUND', 'error POLICY_BAD_NAME'])
  })

  test('the file of a policy or of a module', () => {
    const { path, lint } = hostWith({
      'A.pol': `${BASE}cipher = +RC4-128\n`,
      'M.pmod': 'hash = -SHA2-512 -SHA2-512\n',
    })
    expect(lint(path('A.pol'))).toEqual(['warning LINT_WEAK_ALGORITHM A.pol'])
    expect(lint(path('M.pmod'))).toEqual(['warning LINT_DUPLICATE_VALUE M.pmod'])
    expect(lint(path('none.pol'))).toEqual(['error FILE_MISSING'])
  })

  test('a drop-in, by the back-end that its name begins with', () => {
    const { path, lint } = hostWith(ODD_DROP_INS)
    expect(lint(path('local.d/gnutls-a.config'))).toEqual([
      'error DROPIN_GNUTLS_BARE_PRIORITY local.d/gnutls-a.config',
    ])
    expect(lint(path('local.d/java-a.config'))).toContain(
      'error DROPIN_STOPS_PROGRAMS local.d/java-a.config',
    )
    expect(lint(path('local.d/nosuch-a.config'))).toEqual(['warning DROPIN_OF_NO_BACKEND'])
    expect(lint(path('local.d/java-b.config'))).toEqual(['error FILE_MISSING'])
    symlinkSync('/dev/null', path('local.d/java-c.config'))
    expect(lint(path('local.d/java-c.config'))).toEqual([])
  })

  test('a pipe out of which a policy comes', async () => {
    const { path, lint } = hostWith()
    const pipe = path('pipe')
    const writer = spawn('sh', ['-c', 'mkfifo "$0" && echo made && echo odd > "$0"', pipe])
    await new Promise((resolve) => writer.stdout.once('data', resolve))
    expect(lint(pipe)).toEqual(['error POLICY_MISSING_EQUALS pipe'])
  })
})

test('deprecated forms are rewritten in place; a file without any is left alone', () => {
  const folder = scratchFolder()
  const [old, fine] = ['A.pmod', 'B.pmod'].map((name) => join(folder, name)) as [string, string]
  writeFiles(folder, { 'A.pmod': 'ssh_etm = 1\n', 'B.pmod': 'hash = -SHA2-512\n' })
  const { ino } = statSync(fine)
  expect(fixFiles([old, fine])).toEqual([{ path: old, count: 1 }])
  expect(readFileSync(old, 'utf8')).toBe('etm@SSH = ANY\n')
  expect(statSync(fine).ino).toBe(ino)
  expect(() => fixFiles([join(folder, 'none')])).toThrow(refusal('FILE_MISSING'))
})
