/** Which files are policies and modules, which of several counts, and what is read of a host for GnuTLS and OpenSSL. */
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { DiagnosticError } from '../../src/diagnostics/diagnostic.ts'
import { parseApplication } from '../../src/policy/application/application-policy.ts'
import { compileApplications } from '../../src/system/application-files.ts'
import { resolveOpensslProfile } from '../../src/system/openssl-profile.ts'
import {
  findPolicyFiles,
  listPolicies,
  loadPolicy,
  moduleFolders,
  policyFolders,
} from '../../src/system/policy-files.ts'
import { findPolicies } from '../../src/system/policy-list.ts'
import type { PolicySelection } from '../../src/system/policy-selection.ts'
import { checkSelection } from '../../src/system/policy-selection.ts'
import { selectPolicy } from '../../src/system/prepared-policy.ts'
import { type PriorityConfigOptions, readPriorityConfig } from '../../src/system/priority-config.ts'
import { runFile, scratchFolder, writeFiles } from '../cli/command.ts'
import { refusal } from '../diagnostic-code.ts'
import { shippedPolicy } from '../shipped-policies.ts'

test('hidden files, and those with another suffix, are neither policies nor modules', () => {
  const [first, second] = [scratchFolder(), scratchFolder()]
  const names = ['B.pol', 'A.pol', '.C.pol', 'D.pol.rpmsave', 'E.pmod', 'F']
  writeFiles(first, Object.fromEntries(names.map((name) => [name, ''])))
  writeFiles(second, {
    'A.pol': '',
    'modules/M.pmod': '',
    'modules/.N.pmod': '',
    'modules/O.pol': '',
  })
  expect(listPolicies([first, second], 'policy')).toEqual(['A', 'B'])
  expect(listPolicies([first, second], 'module')).toEqual(['M'])
})

/** A host, seen from a folder of its own: names of files below it, of its base and of its profile. */
class Folders {
  readonly here = scratchFolder()
  readonly directories = { base: scratchFolder(), profile: scratchFolder() }

  constructor(files: Readonly<Record<'here' | 'base' | 'profile', readonly string[]>>) {
    const below = { here: this.here, ...this.directories }
    for (const place of ['here', 'base', 'profile'] as const) {
      writeFiles(below[place], Object.fromEntries(files[place].map((name) => [name, '# x\n'])))
    }
    const before = process.cwd()
    process.chdir(this.here)
    onTestFinished(() => process.chdir(before))
  }

  /** Paths as `here`, `base` and `profile` have them. */
  shorten(path: string): string {
    return path.replace(this.directories.base, 'base').replace(this.directories.profile, 'profile')
  }

  find(policy: string, ...modules: readonly string[]): readonly string[] {
    const selection = { policy, modules }
    return findPolicyFiles(selection, policyFolders(this.directories)).map((path) =>
      this.shorten(path),
    )
  }

  /** What is told of the files that are read. */
  warnings(policy: string, ...modules: readonly string[]): readonly string[] {
    const { diagnostics } = loadPolicy({ policy, modules }, policyFolders(this.directories))
    return diagnostics.map(({ code, severity, message }) => `${severity} ${code} ${message}`)
  }
}

const ALL = ['policies/P.pol', 'policies/modules/M.pmod']

describe('the file of a policy is looked for', () => {
  test('in the current folder and in its policies, in the base directory, in the profile', () => {
    const folders = new Folders({
      here: ['P.pol', 'M.pmod', ...ALL, 'modules/N.pmod', 'policies/M.pmod'],
      base: [...ALL, 'policies/Q.pol', 'policies/modules/N.pmod', 'P.pol'],
      profile: [...ALL, 'policies/R.pol', 'policies/modules/O.pmod'],
    })
    expect(folders.find('P', 'M')).toEqual(['P.pol', 'M.pmod'])
    rmSync('P.pol')
    rmSync('M.pmod')
    expect(folders.find('P', 'M')).toEqual(['policies/P.pol', 'policies/modules/M.pmod'])
    rmSync('policies', { recursive: true })
    expect(folders.find('P', 'M', 'N', 'O')).toEqual([
      ...['base/policies/P.pol', 'base/policies/modules/M.pmod', 'base/policies/modules/N.pmod'],
      'profile/policies/modules/O.pmod',
    ])
    expect(folders.find('R')).toEqual(['profile/policies/R.pol'])
    expect(() => folders.find('X')).toThrow(refusal('POLICY_NOT_FOUND'))
    expect(() => folders.find('P', 'X')).toThrow(refusal('POLICY_NOT_FOUND'))
  })

  test('in a folder that is named before those of the host, and there no more in `policies`', () => {
    const folders = new Folders({ here: ALL, base: ALL, profile: ALL })
    const named = scratchFolder()
    writeFiles(named, { 'P.pol': '', 'modules/M.pmod': '' })
    const paths = findPolicyFiles(
      { policy: 'P', modules: ['M'] },
      policyFolders(folders.directories, named),
    )
    expect(paths).toEqual([join(named, 'P.pol'), join(named, 'modules', 'M.pmod')])
    expect(
      moduleFolders(policyFolders(folders.directories)).map((one) => folders.shorten(one)),
    ).toEqual(['.', 'policies/modules', 'base/policies/modules', 'profile/policies/modules'])
  })

  test('and one that is there but cannot be read ends the search', () => {
    const folders = new Folders({ here: [], base: [], profile: ALL })
    mkdirSync(join(folders.directories.base, 'policies'))
    symlinkSync('nowhere', join(folders.directories.base, 'policies', 'P.pol'))
    expect(folders.find('P')).toEqual(['base/policies/P.pol'])
    expect(() => folders.warnings('P')).toThrow(refusal('FILE_MISSING'))
    // A file in place of a folder holds nothing.
    writeFileSync('policies', '')
    expect(folders.find('P')).toEqual(['base/policies/P.pol'])
  })

  test('and one of the current folder is told of, unless it is that of the host', () => {
    const files = ['policies/P.pol', 'policies/modules/M.pmod']
    const folders = new Folders({ here: files, base: files, profile: ['policies/Q.pol'] })
    expect(folders.warnings('P', 'M')).toEqual([
      'warning POLICY_FROM_CURRENT_DIRECTORY policies/P.pol in the current directory is used',
      'warning POLICY_FROM_CURRENT_DIRECTORY policies/modules/M.pmod in the current directory is used',
    ])
    expect(folders.warnings('Q')).toEqual([])
    process.chdir(folders.directories.base)
    expect(folders.warnings('P', 'M')).toEqual([])
    process.chdir(join(folders.directories.base, 'policies'))
    expect(folders.warnings('P')).toEqual([])
  })

  test('and all that is wrong with any of the files is told at one time', () => {
    const folders = new Folders({ here: [], base: ALL, profile: [] })
    writeFiles(folders.directories.base, {
      'policies/P.pol': 'hash = MD6\n',
      'policies/modules/M.pmod': 'odd\n',
    })
    const load = () => folders.warnings('P', 'M', 'NONE')
    const codes = ['POLICY_NOT_FOUND', 'POLICY_UNKNOWN_ALGORITHM', 'POLICY_MISSING_EQUALS']
    expect(load).toThrow(
      expect.objectContaining({
        diagnostics: codes.map((code) => expect.objectContaining({ code })),
      }),
    )
  })

  test('for the list of all, which says which are configured and in force', () => {
    const folders = new Folders({ here: [], base: ['policies/B.pol', ...ALL], profile: ALL })
    writeFiles(folders.directories.base, { config: 'b:m\n' })
    const { policies, modules, ...rest } = findPolicies(folders.directories)
    const shown = (found: typeof policies) =>
      found.map(({ name, path }) => `${name} ${folders.shorten(path)}`)
    expect(shown(policies)).toEqual(['B base/policies/B.pol', 'P base/policies/P.pol'])
    expect(shown(modules)).toEqual(['M base/policies/modules/M.pmod'])
    expect(rest).toEqual({ configured: 'B:M', inForce: null })
    writeFiles(folders.directories.base, { 'state/current': 'P:M\n' })
    expect(findPolicies(folders.directories).inForce).toBe('P:M')
    writeFiles(folders.directories.base, { 'state/current': '\n' })
    expect(findPolicies(folders.directories).inForce).toBe(null)
  })
})

describe('a policy is selected', () => {
  const directories = () => {
    const base = scratchFolder()
    writeFiles(base, { config: 'NOW:OLD\n' })
    return { base, profile: '/nowhere' }
  }

  test.each<[string | undefined, PolicySelection]>([
    [undefined, { policy: 'NOW', modules: ['OLD'] }],
    ['', { policy: 'NOW', modules: ['OLD'] }],
    ['new', { policy: 'NEW', modules: [] }],
    ['NEW:A:B', { policy: 'NEW', modules: ['A', 'B'] }],
    [':A', { policy: 'NOW', modules: ['A'] }],
  ])('by %j', (set, selection) => {
    expect(selectPolicy(directories(), set)).toEqual(selection)
  })

  test.each([':', '::', 'A:', 'A::B', '::A', ':A:', 'A:\n:', 'a\n:'])('not by %j', (set) => {
    expect(() => selectPolicy(directories(), set)).toThrow(refusal('POLICY_EMPTY_NAME'))
  })

  test('not by a name that is none, of a policy or of a module', () => {
    expect(() => selectPolicy(directories(), '../A')).toThrow(refusal('POLICY_BAD_NAME'))
    expect(() => selectPolicy(directories(), 'A:b/c')).toThrow(refusal('POLICY_BAD_NAME'))
    expect(() => checkSelection({ policy: '', modules: ['A'] }, { argument: ':A' })).toThrow(
      refusal('POLICY_NO_NAME'),
    )
    // A password may stand before an @.
    expect(() => selectPolicy(directories(), 'user:S3CR3T@host')).toThrow(
      '`***@HOST` is not a policy name',
    )
  })
})

describe('the configuration of GnuTLS is read', () => {
  const TEXT = '[priorities]\nX = NORMAL\n'

  function readWith(options: PriorityConfigOptions, env: NodeJS.ProcessEnv = {}) {
    const { config, diagnostics } = readPriorityConfig(options, env)
    return {
      name: config.source.name,
      keys: config.entries.map(({ key }) => key),
      isAbsent: config.absent === true,
      told: diagnostics.map(({ code, severity }) => `${severity} ${code}`),
    }
  }

  const found = (name: string) => ({ name, keys: ['X'], isAbsent: false, told: [] })
  const absent = (name: string, ...told: readonly string[]) => ({
    ...{ name, keys: [], isAbsent: true, told },
  })

  test('from the file that is named, which has to be there', () => {
    const folder = scratchFolder()
    writeFiles(folder, { file: TEXT })
    const config = join(folder, 'file')
    const env = { GNUTLS_SYSTEM_PRIORITY_FILE: '/nowhere' }
    expect(readWith({ config }, env)).toEqual(found(config))
    expect(readWith({ config, isReadAgain: true }, env)).toEqual(found(config))
    const none = join(folder, 'none')
    expect(() => readWith({ config: none })).toThrow(refusal('FILE_MISSING'))
    expect(() => readWith({ config: none, isReadAgain: true })).toThrow(refusal('FILE_MISSING'))
    expect(() => readWith({ config: folder })).toThrow(refusal('FILE_NOT_REGULAR'))
  })

  test('a second time only where that is no pipe', () => {
    const pipe = join(scratchFolder(), 'pipe')
    expect(runFile('mkfifo', [pipe]).status).toBe(0)
    expect(() => readWith({ config: pipe, isReadAgain: true })).toThrow(refusal('FILE_NOT_REGULAR'))
  })

  test('from that of the environment, else from the base directory; GnuTLS does without either', () => {
    const base = scratchFolder()
    writeFiles(base, { 'back-ends/gnutls.config': TEXT, other: TEXT })
    const ours = join(base, 'back-ends', 'gnutls.config')
    const other = join(base, 'other')
    const named = { GNUTLS_SYSTEM_PRIORITY_FILE: other }
    expect(readWith({}, { ...named, base_dir: base })).toEqual(found(other))
    expect(readWith({ baseDir: base }, named)).toEqual(found(other))
    expect(readWith({ baseDir: base })).toEqual(found(ours))
    expect(readWith({}, { base_dir: base })).toEqual(found(ours))
    const none = { GNUTLS_SYSTEM_PRIORITY_FILE: '/nowhere/x' }
    expect(readWith({ baseDir: base }, none)).toEqual(absent('/nowhere/x'))
    expect(readWith({}, { GNUTLS_SYSTEM_PRIORITY_FILE: base })).toEqual(
      absent(base, 'warning FILE_NOT_REGULAR'),
    )
    expect(readWith({ baseDir: '/nowhere' })).toEqual(absent('/nowhere/back-ends/gnutls.config'))
  })

  test('from the folder of the host by default, or from the file that Debian builds GnuTLS with', () => {
    const [ours, ofDebian] = ['/etc/crypto-policies/back-ends/gnutls.config', '/etc/gnutls/config']
    const { config } = readPriorityConfig({}, {})
    expect(existsSync(ofDebian) ? [ours, ofDebian] : [ours]).toContain(config.source.name)
  })

  test('as empty from /dev/null, and of any encoding and size that GnuTLS takes', () => {
    const folder = scratchFolder()
    const null_ = readWith({ config: '/dev/null' })
    expect(null_).toEqual({ name: '/dev/null', keys: [], isAbsent: false, told: [] })
    const config = join(folder, 'file')
    writeFileSync(config, Buffer.from(`${TEXT}# \xe9\n`, 'latin1'))
    expect(readWith({ config })).toEqual(found(config))
    writeFileSync(config, `${TEXT}#${'x'.repeat(16_777_216 - TEXT.length - 1)}`)
    expect(readWith({ config, isReadAgain: true })).toEqual(found(config))
    writeFileSync(config, 'x', { flag: 'a' })
    expect(() => readWith({ config, isReadAgain: true })).toThrow(refusal('FILE_TOO_LARGE'))
  })
})

describe('PROFILE=SYSTEM in a cipher list of OpenSSL', () => {
  function resolve(text: string, files: Readonly<Record<string, string>>) {
    const base = scratchFolder()
    writeFiles(base, files)
    const { list, settings } = resolveOpensslProfile({ name: 'x', text }, { baseDir: base })
    return { text: list.text, settings }
  }
  const NEW = 'CipherString = @SECLEVEL=2:kRSA\nMinProtocol = TLSv1.2\n'
  const OLDER = { 'back-ends/openssl.config': '@SECLEVEL=1:kDHE\nmore\n' }

  test('stands for the policy in force, and what follows goes on from there', () => {
    const files = { 'back-ends/opensslcnf.config': NEW, ...OLDER }
    const settings = { minProtocol: 'TLSv1.2' }
    expect(resolve('PROFILE=SYSTEM', files)).toMatchObject({ text: '@SECLEVEL=2:kRSA', settings })
    for (const text of ['PROFILE=SYSTEM:!AES', 'PROFILE=SYSTEM!AES']) {
      expect(resolve(text, files).text).toBe('@SECLEVEL=2:kRSA:!AES')
    }
    expect(resolve('PROFILE=SYSTEM', { 'back-ends/opensslcnf.config': 'x\n' }).text).toBe('')
  })

  test('is in a file of its own under older policies', () => {
    expect(resolve('PROFILE=SYSTEM:!AES', OLDER)).toEqual({
      ...{ text: '@SECLEVEL=1:kDHE:!AES', settings: {} },
    })
  })

  test('needs a policy in force; at another place it means nothing', () => {
    expect(() => resolve('PROFILE=SYSTEM', {})).toThrow(refusal('FILE_MISSING'))
    expect(resolve('AES:PROFILE=SYSTEM', {})).toEqual({
      ...{ text: 'AES:PROFILE=SYSTEM', settings: {} },
    })
  })
})

describe('application policies over that of the system', () => {
  /** @param texts Of applications by name. @param dropIns Of gnutls by name. */
  function compile(
    texts: Readonly<Record<string, string>>,
    dropIns: Readonly<Record<string, string>> = {},
  ) {
    const base = scratchFolder()
    writeFiles(base, dropIns)
    const names = ['gnutls', 'nginx', 'node', 'openssl']
    const applications = Object.entries(texts).map(
      ([name, text]) => parseApplication(name, { name: `${name}.pmod`, text }, names).application,
    )
    const releases = { gnutls: 'newest', openssl: '3.5' } as const
    const { policy } = shippedPolicy('DEFAULT')
    return compileApplications(policy, applications, releases, { base, profile: '/nowhere' })
  }

  const DROP_IN = 'local.d/gnutls-x.config'

  function refusalsOf(work: () => unknown): readonly string[] {
    try {
      work()
      return []
    } catch (error) {
      if (!(error instanceof DiagnosticError)) throw error
      return error.diagnostics.map(({ code, severity }) => `${severity} ${code}`)
    }
  }

  test('give lines for GnuTLS and files for the others', () => {
    const { gnutlsLines, files, sources, diagnostics } = compile({
      web: '# %back_ends=gnutls,nginx\nprotocol@TLS = -TLS1.2\n',
      mail: '# %keyword=POST\nprotocol@TLS = -TLS1.3\n',
      app: '# %back_ends=nginx\nprotocol@TLS = -TLS1.2\n',
    })
    expect(gnutlsLines).toMatch(
      /^WEB=NONE:\+VERS-TLS1\.3:[^\n]+\nPOST=NONE:\+VERS-TLS1\.2:[^\n]+\n$/,
    )
    expect([...files.keys()]).toEqual([
      ...['back-ends/applications/web/nginx.config', 'back-ends/applications/app/nginx.config'],
    ])
    expect(sources.map(({ name }) => name)).toEqual(['web.pmod', 'mail.pmod', 'app.pmod'])
    expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
  })

  test('and none at all give nothing', () => {
    expect(compile({})).toMatchObject({ gnutlsLines: '', sources: [], diagnostics: [] })
  })

  test.each([
    ['X=NORMAL\n', true],
    ['[priorities]\nX=NORMAL\n', true],
    ['[PRIORITIES]\nX=NORMAL\n', true],
    ['[overrides]\nX=NORMAL\n', false],
    ['Y=NORMAL\n', false],
    ['# X=NORMAL\n', false],
  ])('are in the way of a string of a drop-in: %j: %j', (dropIn, isConflict) => {
    const text = 'hash = -SHA1\n'
    const refused = refusalsOf(() => compile({ x: text }, { [DROP_IN]: dropIn }))
    expect(refused).toEqual(isConflict ? ['error APPLICATION_RAW_STRING'] : [])
    const { gnutlsLines, diagnostics } = compile(
      { x: `# %drop_in_wins=true\n${text}` },
      { [DROP_IN]: dropIn },
    )
    expect(gnutlsLines.startsWith('X=')).toBe(!isConflict)
    expect(diagnostics.map(({ code, severity }) => `${severity} ${code}`)).toEqual(
      isConflict ? ['warning APPLICATION_RAW_STRING_WINS'] : [],
    )
  })

  test('a back-end with files of its own minds no drop-in of GnuTLS', () => {
    const texts = { x: '# %back_ends=nginx\nhash = -SHA1\n' }
    expect(refusalsOf(() => compile(texts, { [DROP_IN]: 'X=NORMAL\n' }))).toEqual([])
  })

  test('that allow more than it are refused', () => {
    expect(refusalsOf(() => compile({ x: 'cipher = +RC4-128\n' }))).toEqual([
      'error APPLICATION_EXCEEDS',
    ])
  })

  test('that leave nothing are told, once for GnuTLS and once for each of the others', () => {
    const nothing = 'protocol@TLS = -TLS1.3 -TLS1.2\nprotocol = -DTLS*\n'
    const { gnutlsLines, files, diagnostics } = compile({
      x: `# %back_ends=gnutls,nginx\n${nothing}`,
      y: nothing,
    })
    expect(diagnostics.map(({ code, message }) => `${code} ${message.split(' ')[0]}`)).toEqual([
      ...['x', 'x', 'y'].map((name) => `APPLICATION_ALLOWS_NOTHING ${name}`),
    ])
    expect(gnutlsLines).toMatch(/^X=.*\nY=.*\n$/)
    expect(files.size).toBe(0)
  })
})
