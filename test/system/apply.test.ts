/** What a run of update-policies says that it did, and when services are told. */
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Diagnostic, DiagnosticError, moderate } from '../../src/diagnostics/diagnostic.ts'
import type { Source } from '../../src/diagnostics/source.ts'
import type { PolicyComparison } from '../../src/policy/compare.ts'
import { allowedTls } from '../../src/priority/evaluate.ts'
import { NO_CONFIG, parseSystemConfig } from '../../src/priority/system-config.ts'
import { findKeyword } from '../../src/system/application-keyword.ts'
import { applicationPriority } from '../../src/system/application-priority.ts'
import { type ApplyOptions, type ApplyResult, applyPolicy } from '../../src/system/apply.ts'
import { findDrift } from '../../src/system/drift.ts'
import { planPolicy } from '../../src/system/plan.ts'
import { ROOT, scratchFolder, writeFiles } from '../cli/command.ts'
import { Host } from '../cli/host.ts'
import { refusal } from '../diagnostic-code.ts'

test('a name that no policy has is refused with what was asked, and nothing is written', async () => {
  const host = new Host()
  for (const [set, named] of [
    ['../DEFAULT', '../DEFAULT'],
    ['DEFAULT:a/b', 'A/B'],
    ['NOSUCH', 'NOSUCH'],
    ['DEFAULT:NOSUCH', 'NOSUCH'],
  ] as const) {
    const { status, stderr } = await host.updateInProcess(['--set', set, '--no-reload'])
    expect([status, stderr]).toEqual([1, expect.stringContaining(named)])
  }
  expect(host.visible()).toEqual({})
  expect(existsSync(host.path('config'))).toBe(false)
})

const SMALL =
  'cipher = AES-256-GCM\nmac = AEAD\nhash = SHA2-256\ngroup = X25519\nsign = RSA-SHA2-256\n'

/** A host whose policies A and B are its administrator's own, with what was told and asked of it. */
class OwnHost {
  readonly base = scratchFolder()
  readonly profile = scratchFolder()
  readonly directories = { base: this.base, profile: this.profile }
  readonly told: Diagnostic[] = []
  searches = 0
  effects: readonly Diagnostic[] = []

  constructor(files: Readonly<Record<string, string>> = {}) {
    writeFiles(this.base, {
      ...{ 'policies/A.pol': SMALL, 'policies/B.pol': `${SMALL}cipher = +AES-128-GCM\n` },
      ...files,
    })
  }

  apply(options: Partial<ApplyOptions> = {}): Promise<ApplyResult> {
    this.told.length = 0
    return applyPolicy(this.directories, {
      findEffects: () => {
        this.searches++
        return Promise.resolve(this.effects)
      },
      report: (diagnostic) => this.told.push(diagnostic),
      ...options,
    })
  }

  get codes(): readonly string[] {
    return this.told.map(({ code, severity }) => `${severity} ${code}`)
  }

  path(...names: readonly string[]): string {
    return join(this.base, ...names)
  }

  read(path: string): string {
    return readFileSync(this.path(path), 'utf8')
  }

  /** A script for reloads that writes a line each time that it runs. */
  countReloads(): () => number {
    const log = join(this.profile, 'log')
    writeFiles(this.profile, { 'reload-cmds.sh': `echo reload >> ${log}\n` })
    return () => (existsSync(log) ? readFileSync(log, 'utf8').split('\n').length - 1 : 0)
  }
}

/** What a program of a host may say: it stops, or it ignores something. */
const STOPS: Diagnostic = {
  ...{ code: 'HOST_PROGRAM_STOPS', severity: 'error', fault: 'answer', message: 'sshd stops' },
}
const IGNORES: Diagnostic = {
  ...{ code: 'HOST_PROGRAM_IGNORES', severity: 'warning', fault: 'answer', message: 'ignored' },
}

describe('putting a policy in force', () => {
  test('says what changed, whether all matches, and what was done', async () => {
    const host = new OwnHost()
    const first = await host.apply({ set: 'a' })
    expect(first).toMatchObject({ policy: 'A', matches: true, reloaded: false, mounted: false })
    expect(first.changed).toEqual(
      expect.arrayContaining(['back-ends/gnutls.config', 'state/current', 'config']),
    )
    expect(await host.apply({ set: 'A' })).toMatchObject({ changed: [], matches: true })
    const second = await host.apply({ set: 'B' })
    expect(second.changed).toContain('back-ends/gnutls.config')
    expect(second.changed).not.toContain('back-ends/bind.config')
    expect(host.read('config')).toBe('B\n')
    expect(host.told).toEqual([])
  })

  test('the programs of the host are asked where they will read something else, or read again', async () => {
    const host = new OwnHost()
    const reloads = host.countReloads()
    await host.apply({ set: 'A', reload: false })
    expect(host.searches).toBe(1)
    await host.apply({ reload: false })
    expect([host.searches, reloads()]).toEqual([1, 0])
    // The reload is owed since the first run.
    expect((await host.apply()).reloaded).toBe(true)
    expect([host.searches, reloads()]).toEqual([2, 1])
    expect((await host.apply()).reloaded).toBe(false)
    expect([host.searches, reloads()]).toEqual([2, 1])
    expect((await host.apply({ reload: true })).reloaded).toBe(true)
    expect([host.searches, reloads()]).toEqual([3, 2])
  })

  test('without a script for reloads none is told, also where one is asked for', async () => {
    const host = new OwnHost()
    await host.apply({ set: 'A' })
    expect((await host.apply({ reload: true })).reloaded).toBe(false)
  })

  test('a program that would stop is a refusal, and --force goes on without a reload', async () => {
    const host = new OwnHost()
    const reloads = host.countReloads()
    await host.apply({ set: 'A' })
    host.effects = [IGNORES, STOPS]
    await expect(host.apply({ set: 'B' })).rejects.toThrow('sshd stops')
    expect([host.read('config'), host.read('state/current'), reloads()]).toEqual(['A\n', 'A\n', 1])
    const forced = await host.apply({ set: 'B', force: true })
    expect([forced.reloaded, host.read('state/current'), reloads()]).toEqual([false, 'B\n', 1])
    expect(host.codes).toEqual(['warning HOST_PROGRAM_IGNORES', 'warning HOST_PROGRAM_STOPS'])
    // It is owed, and follows once all is well.
    host.effects = []
    expect((await host.apply()).reloaded).toBe(true)
    host.effects = [STOPS]
    expect((await host.apply({ set: 'A', force: true, reload: true })).reloaded).toBe(true)
  })

  test('another error is a refusal, forced or not', async () => {
    const host = new OwnHost()
    host.effects = [{ ...STOPS, code: 'OTHER' }]
    for (const force of [false, true]) {
      await expect(host.apply({ set: 'A', force })).rejects.toThrow('sshd stops')
    }
    expect(existsSync(host.path('config'))).toBe(false)
  })

  test('what a program ignores is told once, and no reason to leave services alone', async () => {
    const host = new OwnHost()
    const reloads = host.countReloads()
    host.effects = [IGNORES, IGNORES]
    await host.apply({ set: 'A', strict: true })
    expect([host.codes, reloads()]).toEqual([['warning HOST_PROGRAM_IGNORES'], 1])
  })

  test('a warning about the files is told, and a refusal where it is strict', async () => {
    const host = new OwnHost()
    mkdirSync(host.path('local.d'))
    symlinkSync('nowhere', host.path('local.d', 'nss-x.config'))
    await expect(host.apply({ set: 'A', strict: true })).rejects.toThrow(refusal('DROPIN_DANGLING'))
    expect([host.searches, existsSync(host.path('config'))]).toEqual([0, false])
    expect((await host.apply({ set: 'A' })).changed).not.toEqual([])
    expect(host.codes).toEqual(['warning DROPIN_DANGLING'])
  })

  test('a drop-in at which programs stop is a refusal, unless it is forced', async () => {
    const host = new OwnHost({
      'local.d/java-x.config': 'jdk.tls.disabledAlgorithms=R*A\n',
      'local.d/krb5-x.config': '# fine\n',
    })
    await expect(host.apply({ set: 'A' })).rejects.toThrow(
      expect.objectContaining({
        diagnostics: expect.arrayContaining([
          expect.objectContaining({ code: 'DROPIN_STOPS_PROGRAMS', severity: 'error' }),
        ]),
      }),
    )
    expect(existsSync(host.path('config'))).toBe(false)
    await host.apply({ set: 'A', force: true })
    expect(host.codes).toContain('warning DROPIN_STOPS_PROGRAMS')
  })

  test('of strings in drop-ins an error keeps a policy from being put in force, and a warning does not', async () => {
    const host = new OwnHost({ 'local.d/gnutls-x.config': 'X=NORMAL\n' })
    const asked: (readonly [string, readonly string[]])[] = []
    const found = (one: Diagnostic) => (policy: Source, dropIns: readonly Source[]) => {
      asked.push([policy.name, dropIns.map(({ text }) => text)])
      return [one]
    }
    const odd = moderate({ ...STOPS, code: 'PRIORITY_ODD' })
    await host.apply({ set: 'A', checkDropIns: found(odd) })
    expect(host.codes).toEqual(['warning PRIORITY_ODD'])
    expect(asked).toEqual([['back-ends/gnutls.config', ['X=NORMAL\n']]])
    const stops = found({ ...STOPS, code: 'DROPIN_STOPS_PROGRAMS' })
    await expect(host.apply({ set: 'B', checkDropIns: stops })).rejects.toThrow('sshd stops')
    expect((await host.apply({ set: 'B', checkDropIns: stops, force: true })).changed).not.toEqual(
      [],
    )
    expect(host.codes).toEqual(['warning DROPIN_STOPS_PROGRAMS'])
  })

  test('what stands among the back-ends beside ours is told in order, and nothing matches then', async () => {
    const host = new OwnHost()
    await host.apply({ set: 'A' })
    writeFiles(host.base, { 'back-ends/z': '', 'back-ends/a': '' })
    expect((await host.apply({ set: 'B' })).matches).toBe(false)
    expect(host.told.map(({ message }) => /back-ends\/\w+/.exec(message)?.[0])).toEqual([
      ...['back-ends/a', 'back-ends/z'],
    ])
  })

  test('a pre-built output is linked to, and told where it is another text than the policy gives', async () => {
    const host = new OwnHost()
    await host.apply({ set: 'A' })
    const text = host.read('back-ends/krb5.config')
    writeFiles(host.profile, { 'A/krb5.txt': text })
    expect((await host.apply()).matches).toBe(true)
    const path = join(host.profile, 'A', 'krb5.txt')
    expect(readlinkSync(host.path('back-ends', 'krb5.config'))).toBe(path)
    expect(host.told).toEqual([])
    writeFiles(host.profile, { 'A/krb5.txt': `${text}# other\n` })
    expect(await host.apply()).toMatchObject({ changed: ['back-ends/krb5.config'], matches: false })
    expect(host.codes).toEqual(['warning PREBUILT_DIFFERS'])
    rmSync(path)
    mkdirSync(path)
    await host.apply()
    expect(host.read('back-ends/krb5.config')).toBe(text)
  })

  test('that FIPS mode is a matter of the kernel is told where the policy becomes FIPS', async () => {
    const host = new OwnHost()
    const toldOfFips = async (set: string) => {
      await host.apply({ set })
      return host.codes.filter((code) => code.includes(' FIPS_'))
    }
    expect(await toldOfFips('A')).toEqual([])
    expect(await toldOfFips('FIPS')).toEqual(['warning FIPS_NEEDS_KERNEL'])
    expect(await toldOfFips('FIPS')).toEqual([])
    expect(await toldOfFips('A')).toEqual([])
  })

  test('an application is enabled in the same switch, and refused by its name', async () => {
    const host = new OwnHost({ 'applications/web.pmod.disabled': 'hash = -SHA1\n' })
    await host.apply({ set: 'A' })
    const application = { name: 'web', isEnabled: true }
    expect((await host.apply({ application })).changed).toEqual(['back-ends/gnutls.config'])
    expect(host.read('back-ends/gnutls.config')).toContain('\nWEB=')
    expect((await host.apply({ application })).changed).toEqual([])
    const unknown = { name: 'none', isEnabled: true }
    await expect(host.apply({ application: unknown })).rejects.toThrow(
      refusal('APPLICATION_NOT_FOUND'),
    )
  })

  test.skipIf(process.geteuid?.() !== 0)('of the host is for root alone [root]', async () => {
    const directories = { base: '/etc/crypto-policies', profile: ROOT }
    const options = { set: 'DEFAULT', findEffects: () => Promise.resolve([]), report: () => {} }
    process.seteuid?.(65_534)
    try {
      await expect(applyPolicy(directories, options)).rejects.toThrow(refusal('NOT_ROOT'))
    } finally {
      process.seteuid?.(0)
    }
  })
})

describe('a difference from what the policy gives', () => {
  /** What is found where the first file is seen in place of krb5.config. */
  async function differenceOf(change: (text: string) => string): Promise<unknown> {
    const host = new OwnHost()
    await host.apply({ set: 'A' })
    const path = host.path('back-ends', 'krb5.config')
    writeFileSync(path, change(readFileSync(path, 'utf8')))
    const [found] = await findDrift(host.directories)
    return found && [found.kind, found.cause, found.line, found.expected, found.found]
  }

  test('is told with its first line and both texts', async () => {
    const lines = '[libdefaults]\npermitted_enctypes = aes256-cts-hmac-sha384-192\n'
    expect(await differenceOf((text) => text.replace('[libdefaults]', '[x]'))).toEqual([
      ...['differs', 'hand-edit', 1, '[libdefaults]', '[x]'],
    ])
    expect(await differenceOf((text) => `${text}more`)).toEqual([
      ...['differs', 'hand-edit', lines.split('\n').length, '', 'more'],
    ])
    expect(await differenceOf(() => '[libdefaults]')).toMatchObject([
      ...['differs', 'hand-edit', 2, expect.stringContaining('permitted_enctypes'), ''],
    ])
  })

  test('has a cause: nothing was applied, another program wrote it, a policy or a drop-in changed', async () => {
    const host = new OwnHost({ config: 'A\n' })
    const causes = async () =>
      Object.fromEntries(
        (await findDrift(host.directories)).map(({ file, kind, cause, because }) => [
          file,
          [kind, cause, ...because],
        ]),
      )
    expect(new Set(Object.values(await causes()).map(String))).toEqual(
      new Set(['missing,never-applied']),
    )
    await host.apply()
    expect(await causes()).toEqual({})
    const policy = host.path('policies', 'A.pol')
    writeFileSync(policy, `${SMALL}min_rsa_size = 3072\n`)
    expect((await causes())['back-ends/openssh.config']).toEqual(['differs', 'policy-file', policy])
    writeFileSync(policy, SMALL)
    writeFiles(host.base, { 'local.d/krb5-a.config': '# a\n', 'local.d/krb5-b.config': '# b\n' })
    expect(await causes()).toEqual({
      'back-ends/krb5.config': [
        ...['differs', 'drop-in'],
        ...['a', 'b'].map((name) => host.path('local.d', `krb5-${name}.config`)),
      ],
    })
    rmSync(host.path('local.d'), { recursive: true })
    writeFiles(host.base, { 'back-ends/strange': '' })
    mkdirSync(host.path('back-ends', 'folder'))
    rmSync(host.path('back-ends', 'nss.config'))
    rmSync(host.path('back-ends', 'bind.config'))
    mkdirSync(host.path('back-ends', 'bind.config'))
    expect(await causes()).toEqual({
      'back-ends/bind.config': ['unreadable', 'hand-edit'],
      'back-ends/folder': ['unexpected', 'unknown'],
      'back-ends/nss.config': ['missing', 'hand-edit'],
      'back-ends/strange': ['unexpected', 'unknown'],
    })
  })

  test('is that of another version where no file explains it', async () => {
    const host = new OwnHost({ config: 'A\n' })
    await host.apply()
    const path = host.path('.generations', 'current', 'record.json')
    const record = JSON.parse(readFileSync(path, 'utf8'))
    record.files['back-ends/krb5.config'].content = 'older\n'
    writeFileSync(path, JSON.stringify(record))
    writeFiles(host.base, { 'back-ends/krb5.config': 'older\n' })
    expect(await findDrift(host.directories)).toMatchObject([
      { file: 'back-ends/krb5.config', kind: 'differs', cause: 'package', because: [] },
    ])
    writeFiles(host.base, { 'back-ends/krb5.config': 'edited\n', config: 'B\n' })
    const causes = (await findDrift(host.directories)).map(({ file, cause }) => [file, cause])
    expect(causes).toContainEqual(['back-ends/krb5.config', 'hand-edit'])
    expect(causes).toContainEqual(['back-ends/gnutls.config', 'configured-policy'])
    writeFileSync(path, 'no record')
    const unknown = new Set((await findDrift(host.directories)).map(({ cause }) => cause))
    expect(unknown).toEqual(new Set(['unknown']))
  })

  test('of a link is that of the pre-built output, or of the package', async () => {
    const host = new OwnHost({ config: 'A\n' })
    await host.apply()
    const text = host.read('back-ends/krb5.config')
    const path = join(host.profile, 'A', 'krb5.txt')
    writeFiles(host.profile, { 'A/krb5.txt': text })
    await host.apply()
    expect(await findDrift(host.directories)).toEqual([])
    writeFileSync(path, '# edited\n')
    expect(await findDrift(host.directories)).toMatchObject([
      { file: 'back-ends/krb5.config', kind: 'differs', cause: 'pre-built', because: [path] },
    ])
    await host.apply()
    expect(await findDrift(host.directories)).toMatchObject([
      { file: 'back-ends/krb5.config', kind: 'differs', cause: 'package', because: [] },
    ])
    rmSync(path)
    expect(await findDrift(host.directories)).toMatchObject([
      { file: 'back-ends/krb5.config', kind: 'missing', cause: 'pre-built', because: [path] },
    ])
  })
})

describe('what is planned', () => {
  const valuesOf = (comparison: PolicyComparison | undefined) =>
    [
      ...new Set(
        comparison?.groups.flatMap(({ changes }) =>
          changes.map((change) => `${change.kind} ${'value' in change ? change.value : ''}`),
        ),
      ),
    ].toSorted()

  test('is compared with what is in force, and nothing is written', async () => {
    const host = new OwnHost({ config: 'A\n', 'applications/web.pmod': 'cipher = -AES-128-GCM\n' })
    const first = await planPolicy(host.directories, undefined)
    expect(first).toMatchObject({ before: undefined, after: 'A', comparison: undefined })
    expect(first.applications).toEqual([])
    expect(first.files).not.toContain('config')
    expect(existsSync(host.path('state'))).toBe(false)
    await host.apply()
    const second = await planPolicy(host.directories, 'B')
    expect(second).toMatchObject({ before: 'A', after: 'B' })
    expect(second.files).toEqual(expect.arrayContaining(['back-ends/gnutls.config', 'config']))
    expect(valuesOf(second.comparison)).toEqual(['enabled AES-128-GCM'])
    expect(second.applications.map(({ name }) => name)).toEqual(['web'])
    expect(valuesOf(second.applications[0]?.comparison)).toEqual([])
    writeFiles(host.base, { 'applications/web.pmod': 'cipher = -AES-256-GCM\n' })
    const third = await planPolicy(host.directories, 'B')
    expect(valuesOf(third.applications[0]?.comparison)).toEqual([
      ...['disabled AES-256-GCM', 'enabled AES-128-GCM'],
    ])
    expect(host.read('state/current')).toBe('A\n')
  })
})

describe('what an application may use', () => {
  const BOTH = `${SMALL}cipher = +AES-128-GCM\nkey_exchange = ECDHE\nprotocol@TLS = TLS1.3 TLS1.2\n`

  /** The versions of TLS, from the newest on; the code of a refusal. */
  function versionsOf(name: string, { directories }: OwnHost): string {
    try {
      const { versions } = allowedTls(applicationPriority(name, directories))
      const names = versions.filter(({ transport }) => transport === 'stream')
      return names.map((version) => version.name).join(' ')
    } catch (error) {
      if (!(error instanceof DiagnosticError)) throw error
      return error.diagnostics[0]?.code ?? ''
    }
  }

  test('is what its line says, else that of the system; GnuTLS has a default of its own', async () => {
    const host = new OwnHost({ 'policies/A.pol': BOTH })
    expect(versionsOf('web', host)).toBe('TLS1.3 TLS1.2 TLS1.1 TLS1.0')
    writeFiles(host.base, { 'applications/web.pmod': 'protocol@TLS = -TLS1.2\n' })
    await host.apply({ set: 'A' })
    expect(versionsOf('web', host)).toBe('TLS1.3')
    expect(versionsOf('none', host)).toBe('TLS1.3 TLS1.2')
    expect(versionsOf('../x', host)).toBe('APPLICATION_BAD_NAME')
    expect(findKeyword('web', host.directories, NO_CONFIG).keyword).toBe('WEB')
    // What is in force stays so, whatever becomes of the file.
    for (const text of ['odd\n', 'protocol@TLS = -TLS1.3\n', '# %keyword=OTHER\n', '']) {
      writeFiles(host.base, { 'applications/web.pmod': text })
      expect(versionsOf('web', host), text).toBe('TLS1.3')
    }
  })

  test('is what its policy comes to for others, where it has no line', async () => {
    const servers = '# %back_ends=nginx\n'
    const host = new OwnHost({
      'policies/A.pol': BOTH,
      'applications/old.pmod': `${servers}protocol@TLS = -TLS1.3\n`,
      'applications/all.pmod': servers,
    })
    await host.apply({ set: 'A' })
    expect(versionsOf('old', host)).toBe('TLS1.2')
    expect(versionsOf('all', host)).toBe('TLS1.3 TLS1.2')
    writeFiles(host.base, { 'applications/old.pmod': `${servers}protocol@TLS = +TLS1.0\n` })
    expect(versionsOf('old', host)).toBe('APPLICATION_EXCEEDS')
    writeFiles(host.base, { 'applications/old.pmod': '' })
    expect(versionsOf('old', host)).toBe('TLS1.3 TLS1.2')
  })

  test('is unknown where its policy is broken and was never in force', async () => {
    const host = new OwnHost({ 'policies/A.pol': BOTH })
    await host.apply({ set: 'A' })
    writeFiles(host.base, { 'applications/new.pmod': 'odd\n' })
    expect(versionsOf('new', host)).toBe('POLICY_MISSING_EQUALS')
    writeFiles(host.base, { 'applications/new.pmod.disabled': 'odd\n' })
    rmSync(host.path('applications', 'new.pmod'))
    expect(versionsOf('new', host)).toBe('TLS1.3 TLS1.2')
  })

  test('has a keyword, and where nothing is there for it, that is told', async () => {
    const host = new OwnHost({ 'applications/web.pmod': '# %keyword=OURS\n' })
    const config = parseSystemConfig({ name: 'x', text: 'WEB=NORMAL\n' })
    const { keyword, diagnostics } = findKeyword('web', host.directories, config)
    expect([keyword, diagnostics.map(({ code }) => code)]).toEqual([
      ...['OURS', ['APPLICATION_NO_STRING']],
    ])
    const other = findKeyword('Web2', host.directories, config)
    expect(other).toMatchObject({ keyword: 'WEB2', diagnostics: [{ severity: 'warning' }] })
    const found = parseSystemConfig({ name: 'x', text: '[priorities]\nOURS=NORMAL\n' })
    expect(findKeyword('web', host.directories, found).diagnostics).toEqual([])
  })
})
