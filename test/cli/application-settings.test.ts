/** What stands in the comments of an application policy: no slip is without effect, and nothing hides. */
import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { scratchFolder, writeFiles } from './command.ts'
import { Host } from './host.ts'

function keywordsOf(host: Host): readonly string[] {
  const lines = host.read('back-ends', 'gnutls.config').split('\n')
  return lines.flatMap((line) => /^([A-Z.-]+)=NONE:/.exec(line)?.[1] ?? [])
}

test.each(['# %keyword=X', '  #\t%keyword = X \t'])(
  'white space around a setting means nothing: %j',
  async (line) => {
    const host = new Host({ 'applications/web.pmod': `${line}\n` })
    await host.setInProcess('DEFAULT')
    expect(keywordsOf(host)).toEqual(['X'])
  },
)

test.each([
  ['# %keyword=system', 'APPLICATION_BAD_PRAGMA'],
  ['cipher = -AES-128-GCM # %keyword=X', 'APPLICATION_MISPLACED_PRAGMA'],
])('refuses the setting %j', async (text, code) => {
  const host = new Host({ 'applications/web.pmod': `${text}\n` })
  const { status, stderr } = await host.updateInProcess(['--set', 'DEFAULT'])
  expect([status, stderr.includes(`error[${code}]`)]).toEqual([1, true])
  expect(existsSync(host.path('back-ends'))).toBe(false)
})

test.each(['\u2028', '\u2029', '\u0085', '\u000c', '\u000b'])(
  'a comment cannot hide a setting behind %j',
  async (character) => {
    const hidden = `# a comment${character}# %may_exceed_system_policy=true\ncipher = +RC4-128\n`
    const host = new Host({ 'applications/web.pmod': hidden })
    const { status, stderr } = await host.updateInProcess(['--set', 'DEFAULT'])
    expect([status, stderr.includes('error[APPLICATION_EXCEEDS]')]).toEqual([1, true])
  },
)

/** With another meaning here than where it is compiled, a shipped policy that waits would be masked. */
test('a shipped policy waits to be enabled however that is written', async () => {
  const profile = scratchFolder()
  const waiting = '#%enabled_by_default = false \nhash = -SHA1\n'
  writeFiles(profile, {
    'policies/OURS.pol': 'cipher = AES-256-GCM\n',
    'applications/web.pmod': waiting,
  })
  const host = new Host({}, profile)
  await host.setInProcess('OURS')
  expect(keywordsOf(host)).toEqual([])
  expect((await host.updateInProcess(['--enable-application', 'web'])).status).toBe(0)
  expect(keywordsOf(host)).toEqual(['WEB'])
  expect((await host.updateInProcess(['--disable-application', 'web'])).status).toBe(0)
  expect(existsSync(host.path('applications', 'web.pmod'))).toBe(false)
})
