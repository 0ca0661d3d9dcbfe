/** What a program gets beyond, or short of, its policy: told in words, and so by GnuTLS itself. */
import { expect, test } from 'vitest'
import { listPriority } from '../backends/gnutls-cli.ts'
import { NEWER } from '../interop/policy/gnutls-judge.ts'
import { testWith } from '../peers/peer.ts'
import { Host } from './host.ts'

/** What is told of an application, and the file that GnuTLS reads. */
async function apply(text: string, policy: string, more: Readonly<Record<string, string>> = {}) {
  const host = new Host({ 'applications/web.pmod': text, ...more })
  const { status, stderr } = await host.updateInProcess(['--set', policy, '--no-reload'])
  expect(status).toBe(0)
  const told = stderr.split('\n').filter((line) => line.includes('[APPLICATION_CANNOT_SAY]'))
  return { told, config: host.read('back-ends', 'gnutls.config') }
}

test.each([
  ['min_rsa_size = 3072\n', 'HIGH', 'Diffie-Hellman groups of 2048'],
  ['min_dh_size = 3072\n', 'HIGH', 'RSA keys of 2048'],
  ['min_rsa_size = 4096\n', 'ULTRA', 'RSA keys of 4096 and Diffie-Hellman groups of 2048'],
])(
  'the larger of two key sizes decides, and what that refuses is told: %j',
  async (text, profile, refused) => {
    const { told, config } = await apply(text, 'DEFAULT')
    expect(config).toContain(`:%PROFILE_${profile}\n`)
    expect(told).toEqual([expect.stringContaining(`no profile fits better than ${profile}`)])
    expect(told[0]).toContain(`refuses ${refused}`)
  },
)

testWith('gnutls-cli', 'no group is left whose prime is below the smallest', async () => {
  const { config } = await apply('min_dh_size = 3072\n', 'DEFAULT')
  const { ok, classes } = listPriority('@WEB', config.replaceAll(NEWER, ''))
  expect(ok).toBe(true)
  expect(classes.get('Groups')).not.toContain('GROUP-FFDHE2048')
  expect(classes.get('Groups')).toContain('GROUP-FFDHE3072')
})

test('the curve that servers use for clients without groups is told', async () => {
  const { told } = await apply('group = -SECP256R1\n', 'DEFAULT')
  expect(told).toEqual([expect.stringContaining('use SECP256R1 with clients that name no group')])
  expect(
    (await apply('group = -SECP256R1\nprotocol@TLS = -TLS1.2 -DTLS1.2\n', 'DEFAULT')).told,
  ).toEqual([])
})

test('sizes that a profile has are no remark', async () => {
  expect((await apply('min_rsa_size = 3072\nmin_dh_size = 3072\n', 'DEFAULT')).told).toEqual([])
})

test('signatures of certificates that stay allowed are told', async () => {
  const strict = 'sign = -*-SHA1\nhash = -SHA1\nsha1_in_certs = 0\n'
  const { told } = await apply(strict, 'LEGACY')
  expect(told).toEqual([expect.stringMatching(/certificates may still bear .*: .*RSA-SHA1/)])
  expect((await apply(strict, 'DEFAULT')).told).toEqual([])
})

testWith(
  'gnutls-cli',
  'what the system keeps off for every string is told where a program may exceed it',
  async () => {
    const module = 'hash = -SHA2-384\ngroup = -X448\n'
    const exceeding = '# %may_exceed_system_policy=true\nhash = +SHA2-384\ngroup = +X448\n'
    const { told, config } = await apply(exceeding, 'DEFAULT:NARROW', {
      'policies/modules/NARROW.pmod': module,
    })
    const { ok, suites } = listPriority('@WEB', config.replaceAll(NEWER, ''))
    expect([ok, suites.includes('TLS_AES_256_GCM_SHA384')]).toEqual([true, false])
    expect(suites).toContain('TLS_AES_128_GCM_SHA256')
    expect(told).toEqual([expect.stringContaining('keeps off for every program')])
    expect(told[0]).toContain('TLS_AES_256_GCM_SHA384')
    expect(told[0]).toContain('x448')
  },
)
