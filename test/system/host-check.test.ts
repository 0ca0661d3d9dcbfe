/** What programs of this host make of the files that are to be put in force. */
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Source } from '../../src/diagnostics/source.ts'
import type { GeneratedFile } from '../../src/system/generated-files.ts'
import { checkHost } from '../../src/system/host-check.ts'
import { parseSelection } from '../../src/system/policy-selection.ts'
import { type PreparedPolicy, preparePolicy } from '../../src/system/prepared-policy.ts'
import { verifyConfigs } from '../../src/system/verify.ts'
import { ROOT, scratchFolder, writeFiles } from '../cli/command.ts'
import { Host } from '../cli/host.ts'
import { testWith } from '../peers/peer.ts'

const DROP_IN = 'local.d/opensshserver-odd.config'

/** Nothing leads sshd to these files yet: the findings about it on a host with these files, under a policy that every supported sshd takes. */
async function findingsOf(files: Readonly<Record<string, string>>) {
  const { base } = new Host(files)
  const directories = { base, profile: ROOT }
  const prepared = await preparePolicy(directories, parseSelection('FEDORA42'))
  const found = await checkHost(prepared, directories)
  return found.filter(({ message }) => message.includes('sshd'))
}

testWith('sshd', 'a policy alone is not judged for a program that does not read it', async () => {
  expect(await findingsOf({})).toEqual([])
})

testWith(
  'sshd',
  'a drop-in that sshd would stop at is told at its line, as a warning',
  async () => {
    const text = '# ours\nCiphers no-such-cipher@example.com\n'
    const [found, ...more] = await findingsOf({ [DROP_IN]: text })
    expect(more).toEqual([])
    expect(found).toMatchObject({
      code: 'HOST_PROGRAM_STOPS',
      severity: 'warning',
      message: expect.stringContaining('no-such-cipher@example.com'),
    })
    const { source, start } = found?.span ?? {}
    expect(source?.name).toContain(DROP_IN)
    expect(source?.text.slice(start)).toMatch(/^Ciphers no-such-cipher/)
  },
)

testWith('sshd', 'a drop-in that sshd takes is no finding', async () => {
  expect(await findingsOf({ [DROP_IN]: 'Ciphers aes128-ctr\n' })).toEqual([])
})

/** A policy that was compiled to these texts of back-ends, with drop-ins of some. */
function preparedWith(
  texts: Readonly<Record<string, string>>,
  dropIns: Readonly<Record<string, readonly string[]>> = {},
): PreparedPolicy {
  const files = new Map<string, GeneratedFile>()
  const extended = new Map<string, { policy: Source; dropIns: readonly Source[] }>()
  for (const [backend, text] of Object.entries(texts)) {
    const path = `back-ends/${backend}.config`
    const own = (dropIns[backend] ?? []).map((more, at) => ({ name: `${at}.config`, text: more }))
    files.set(path, { content: Buffer.from(text + own.map((source) => source.text).join('')) })
    if (own.length > 0) extended.set(backend, { policy: { name: path, text }, dropIns: own })
  }
  const record = { policy: 'OURS', policyFiles: {}, files: {} }
  return {
    selection: { policy: 'OURS', modules: [] },
    policy: { name: 'OURS', directives: [] },
    applications: [],
    configuration: { files, diagnostics: [], record, extended },
    diagnostics: [],
  }
}

/** GnuTLS reads the folder of the host whatever its configurations say. */
const OF_HOST = { base: '/etc/crypto-policies', profile: ROOT }
const ELSEWHERE = { base: '/srv/crypto-policies', profile: ROOT }

async function toldOf(prepared: PreparedPolicy, directories = OF_HOST) {
  const found = await checkHost(prepared, directories)
  return found.map(({ code, severity, message, span, hint }) => ({
    told: `${severity} ${code}`,
    message,
    hint,
    place: span && `${span.source.name}: ${span.source.text.slice(span.start, span.end)}`,
  }))
}

const FINE = '[overrides]\ntls-disabled-cipher = ARCFOUR-128\n'

describe('what GnuTLS makes of its file', () => {
  testWith('gnutls-cli', 'is nothing where it knows all of it', async () => {
    expect(await toldOf(preparedWith({ gnutls: FINE }))).toEqual([])
    expect(await toldOf(preparedWith({ gnutls: 'x' }), ELSEWHERE)).toEqual([])
  })

  testWith('gnutls-cli', 'is a refusal where it cannot read the file', async () => {
    const [found, ...more] = await toldOf(preparedWith({ gnutls: `${FINE}no sense` }))
    expect(more).toEqual([])
    expect(found).toMatchObject({
      told: 'error HOST_PROGRAM_STOPS',
      place: 'back-ends/gnutls.config: no sense',
      message: expect.stringMatching(
        /^gnutls-cli [\d.]+ would leave programs without @SYSTEM with back-ends\/gnutls\.config, line 3: it cannot parse/,
      ),
      hint: expect.stringMatching(/^no policy can leave this out: .* gnutls-cli, .*--force$/),
    })
  })

  testWith('gnutls-cli', 'is told at the line of the drop-in that has it', async () => {
    const dropIns = { gnutls: ['# first\n', '# second\nno sense\n# more\n', '# third\n'] }
    const prepared = preparedWith({ gnutls: FINE }, dropIns)
    const [found, ...more] = await toldOf(prepared)
    expect(more).toEqual([])
    expect(found).toMatchObject({
      told: 'error HOST_PROGRAM_STOPS',
      place: '1.config: no sense',
      message: expect.stringMatching(/ with back-ends\/gnutls\.config: it cannot parse/),
      hint: 'mend or remove the drop-in, or go on with --force',
    })
    // Where nothing leads a program to the file, it is a warning.
    expect(await toldOf(prepared, ELSEWHERE)).toMatchObject([
      {
        told: 'warning HOST_PROGRAM_STOPS',
        place: '1.config: no sense',
        message: expect.stringContaining('no configuration of it leads there now'),
        hint: 'mend or remove the drop-in',
      },
    ])
  })

  testWith('gnutls-cli', 'is a warning for all values together, and for each setting', async () => {
    const text = `${FINE}tls-disabled-cipher = NO-SUCH\ntls-disabled-group = NONE-SUCH\nno-setting = 1\n`
    expect(await toldOf(preparedWith({ gnutls: text }))).toMatchObject([
      {
        told: 'warning HOST_PROGRAM_IGNORES',
        place: undefined,
        message: expect.stringMatching(
          /^gnutls-cli [\d.]+, in back-ends\/gnutls\.config, line 3: it does not know tls-disabled-cipher no-such; tls-disabled-group none-such, and leaves it out$/i,
        ),
      },
      {
        told: 'warning HOST_PROGRAM_IGNORES',
        message: expect.stringMatching(
          /, line 5: it does not know no-setting, and uses its own default instead$/,
        ),
      },
    ])
    // Nothing leads to it there, and what it would stop at alone is asked.
    const dropIns = { gnutls: ['no-setting = 1\n'] }
    expect(await toldOf(preparedWith({ gnutls: FINE }, dropIns), ELSEWHERE)).toEqual([])
  })
})

testWith('klist', 'of a program that names no line the drop-in may be the reason', async () => {
  const texts = { krb5: '[libdefaults]\npermitted_enctypes = aes256-cts-hmac-sha1-96\n' }
  const dropIns = { krb5: ['[realms\n'] }
  const [found, ...more] = await toldOf(preparedWith(texts, dropIns), ELSEWHERE)
  expect(more).toEqual([])
  expect(found).toMatchObject({
    told: 'warning HOST_PROGRAM_STOPS',
    place: undefined,
    hint: 'mend or remove the drop-in of this back-end that it cannot read',
  })
  expect(await toldOf(preparedWith(texts, { krb5: ['# fine\n'] }), ELSEWHERE)).toEqual([])
  expect(await toldOf(preparedWith({ krb5: '[realms\n' }), ELSEWHERE)).toEqual([])
})

testWith('nginx', 'a program is asked for an application, whatever leads to its file', async () => {
  const name = 'applications/web/nginx'
  expect(await toldOf(preparedWith({ [name]: 'ssl_protocols TLSv1.3;\n' }), ELSEWHERE)).toEqual([])
  expect(await toldOf(preparedWith({ [name]: 'ssl_protocol x;\n' }), ELSEWHERE)).toMatchObject([
    {
      told: 'warning HOST_PROGRAM_STOPS',
      message: expect.stringMatching(
        /^nginx would not start with back-ends\/.*nginx\.config, line 1: /,
      ),
      hint: 'once a configuration of it leads there, update-policies --reload names what to leave out',
    },
  ])
})

describe('configurations are verified', () => {
  const gnutls = (policy: string, text: string) => ({ policy, backend: 'gnutls', text })

  testWith('gnutls-cli', 'each text once, for all policies that have it', async () => {
    const bad = `${FINE}no sense\n`
    const { problems, checked, skipped } = await verifyConfigs([
      ...[gnutls('A', bad), gnutls('B', FINE), gnutls('C', bad), gnutls('A', bad)],
      { policy: 'A', backend: 'libssh', text: '' },
    ])
    expect(problems).toMatchObject([
      { backend: 'gnutls', program: 'gnutls-cli', policies: ['A', 'C'], effect: 'stops', line: 3 },
    ])
    expect(checked).toMatchObject([
      { backend: 'gnutls', program: 'gnutls-cli', version: expect.stringMatching(/^3\.\d+\.\d+$/) },
    ])
    expect(skipped).toEqual([
      { backend: 'libssh', reason: 'no program is known that checks it', unanswered: null },
    ])
  })

  testWith('gnutls-cli', 'and a version is asked for where it is wanted or told', async () => {
    const version = async (text: string, depth: 'all' | 'stops' | 'first-stop', asks: boolean) =>
      (await verifyConfigs([{ ...gnutls('A', text), depth }], asks)).checked[0]?.version !== ''
    expect(await version(FINE, 'all', true)).toBe(true)
    expect(await version(FINE, 'all', false)).toBe(false)
    expect(await version('no sense\n', 'all', false)).toBe(true)
    expect(await version('no sense\n', 'first-stop', false)).toBe(false)
  })

  testWith('nginx', 'of many applications together where their program takes all', async () => {
    const web = (name: string, text: string) => ({
      ...{ policy: 'A', backend: `applications/${name}/nginx`, text },
    })
    const fine = 'ssl_protocols TLSv1.3;\n'
    const together = await verifyConfigs([web('a', fine), web('b', fine), web('c', fine)])
    expect(together.problems).toEqual([])
    expect(together.checked.map(({ backend }) => backend)).toEqual([
      ...['a', 'b', 'c'].map((name) => `applications/${name}/nginx`),
    ])
    const { problems, checked } = await verifyConfigs([web('a', fine), web('b', 'odd;\n')], false)
    expect(problems).toMatchObject([{ backend: 'applications/b/nginx', policies: ['A'], line: 1 }])
    expect(checked).toHaveLength(2)
  })

  test('and told of where no program can be asked', async () => {
    const { PATH } = process.env
    onTestFinished(() => {
      process.env.PATH = PATH
    })
    process.env.PATH = scratchFolder()
    const { checked, skipped } = await verifyConfigs([{ policy: 'A', backend: 'krb5', text: '' }])
    expect(checked).toEqual([])
    expect(skipped).toEqual([
      { backend: 'krb5', reason: 'klist is not installed', unanswered: null },
    ])
  })

  test('and told of where a program gives no answer', async () => {
    const { PATH } = process.env
    onTestFinished(() => {
      process.env.PATH = PATH
    })
    const folder = scratchFolder()
    writeFiles(folder, { klist: 'no program' })
    chmodSync(join(folder, 'klist'), 0o755)
    // What kills itself gives no answer either.
    writeFiles(folder, { klist: '#!/bin/sh\nkill -9 $$\n' })
    process.env.PATH = `${folder}:${PATH}`
    const { problems, checked, skipped } = await verifyConfigs([
      { policy: 'A', backend: 'krb5', text: '' },
    ])
    expect([problems, checked]).toEqual([[], []])
    expect(skipped).toMatchObject([{ backend: 'krb5', unanswered: 'klist' }])
  })
})
