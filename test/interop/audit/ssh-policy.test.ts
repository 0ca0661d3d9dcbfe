/** A server of OpenSSH under the file that is written for a policy, held against that policy and others. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { compareSsh } from '../../../src/audit/compare/compare-ssh.ts'
import { sshYardstick } from '../../../src/audit/compare/ssh-yardstick.ts'
import { isKnown } from '../../../src/audit/ssh-model.ts'
import { opensshserver } from '../../../src/backends/opensshserver.ts'
import type { Policy } from '../../../src/policy/policy.ts'
import { execFileSync } from '../../peers/child-process.ts'
import { hasPeer, testWith } from '../../peers/peer.ts'
import { shippedPolicy } from '../../shipped-policies.ts'
import { hostKey, scanPort, scratchFolder, startSshd } from './ssh-server.ts'

const POLICIES = ['LEGACY', 'DEFAULT', 'FUTURE', 'FIPS', 'NEXT', 'BSI'] as const

/** What this OpenSSH has, by the keyword of the list; newer names stop it. */
const QUERIES: Readonly<Record<string, string>> = {
  Ciphers: 'cipher',
  MACs: 'mac',
  KexAlgorithms: 'kex',
  HostKeyAlgorithms: 'HostKeyAlgorithms',
  PubkeyAcceptedAlgorithms: 'PubkeyAcceptedAlgorithms',
  HostbasedAcceptedAlgorithms: 'HostbasedAcceptedAlgorithms',
  CASignatureAlgorithms: 'sig',
}

const isThere = hasPeer('sshd')

const KNOWN = new Map(
  Object.entries(QUERIES).map(([keyword, query]) => {
    const names = isThere ? execFileSync('ssh', ['-Q', query]).trim().split('\n') : []
    return [keyword, new Set(names)]
  }),
)

/** The file of primes without those that the policy finds too small: no option of sshd says that. */
function largePrimes(folder: string): string {
  const path = join(folder, 'moduli')
  const lines = readFileSync('/etc/ssh/moduli', 'utf8').split('\n')
  writeFileSync(path, `${lines.filter((line) => Number(line.split(' ')[4]) >= 3071).join('\n')}\n`)
  return path
}

/** The lines of the back-end, without what this OpenSSH does not have. */
function linesFor(policy: Policy): readonly string[] {
  const lines = opensshserver.generate(policy).trim().split('\n')
  return lines.flatMap((line) => {
    const [keyword = '', values = ''] = line.split(' ')
    if (keyword.startsWith('GSSAPI')) return []
    const known = KNOWN.get(keyword)
    if (!known) return [line]
    const names = values.split(',').filter((name) => known.has(name))
    return [`${keyword} ${names.join(',')}`]
  })
}

testWith(
  'sshd',
  'a server differs from another policy by what the files say, and from its own by nothing',
  async () => {
    const folder = scratchFolder()
    const keys = [
      hostKey(folder, 'rsa', 3072),
      hostKey(folder, 'ecdsa', 384),
      hostKey(folder, 'ed25519'),
    ]
    const moduli = largePrimes(folder)
    for (const name of POLICIES) {
      const policy = shippedPolicy(name).policy
      const lines = linesFor(policy)
      const { port } = await startSshd([
        ...lines,
        `ModuliFile ${moduli}`,
        ...keys.map((key) => `HostKey ${key}`),
      ])
      const scan = await scanPort(port)
      const { offer } = scan
      if (!isKnown(offer)) throw new Error(JSON.stringify(offer))
      const own = compareSsh(scan, sshYardstick(policy))
      const worse = own.filter(({ severity }) => severity !== 'info')
      // OpenSSH before 9.6 tells of all signatures that it knows.
      expect(worse.filter(({ item }) => item.kind !== 'user signature algorithms')).toEqual([])
      for (const other of POLICIES) {
        const theirs = new Map(linesOf(shippedPolicy(other).policy))
        const offered = {
          KexAlgorithms: offer.keyExchanges,
          Ciphers: offer.ciphers.toClient,
          MACs: offer.macs.toClient,
          HostKeyAlgorithms: offer.hostKeyAlgorithms,
        }
        const excess = Object.entries(offered).flatMap(([keyword, names]) =>
          names.filter((one) => !theirs.get(keyword)?.includes(one)),
        )
        const findings = compareSsh(scan, sshYardstick(shippedPolicy(other).policy))
        const forbidden = findings.filter(
          ({ code, item }) =>
            code === 'AUDIT_SSH_ALGORITHM_FORBIDDEN' && item.kind !== 'user signature algorithm',
        )
        expect(forbidden.map(({ item }) => item.name).sort(), `${name} by ${other}`).toEqual(
          excess.sort(),
        )
        expect(forbidden.filter(({ reasons }) => reasons.length === 0)).toEqual([])
      }
    }
  },
  120_000,
)

function linesOf(policy: Policy): readonly (readonly [string, readonly string[]])[] {
  const lines = opensshserver.generate(policy).trim().split('\n')
  return lines.map(
    (line) => [line.split(' ')[0] ?? '', (line.split(' ')[1] ?? '').split(',')] as const,
  )
}

testWith(
  'sshd',
  'small keys and small primes are told with the line that asks for larger ones',
  async () => {
    const { port } = await startSshd([
      `HostKey ${hostKey(scratchFolder(), 'rsa', 2048)}`,
      'HostKeyAlgorithms rsa-sha2-256',
    ])
    const findings = compareSsh(await scanPort(port), sshYardstick(shippedPolicy('FUTURE').policy))
    const sizes = findings.filter(({ verdict }) => verdict === 'below-minimum')
    expect(sizes.map(({ message }) => message)).toEqual([
      'the server has an RSA host key of 2048 bits; at least 3072 are asked for',
      'the server exchanges keys with a prime of 2048 bits; at least 3072 are asked for',
    ])
    expect(sizes.map(({ reasons }) => reasons[0])).toEqual([
      {
        text: expect.stringMatching(/^min_rsa_size = 3072/),
        place: expect.stringMatching(/FUTURE\.pol:\d+:\d+$/),
      },
      {
        text: expect.stringMatching(/^min_dh_size = 3072/),
        place: expect.stringMatching(/FUTURE\.pol:\d+:\d+$/),
      },
    ])
  },
)

test('every reason of a forbidden algorithm names a line of the policy, or says that there is none', () => {
  const { reasonsFor } = sshYardstick(shippedPolicy('FUTURE').policy)
  expect(reasonsFor('cipher', 'aes128-ctr')[0]?.place).toMatch(/FUTURE\.pol:\d+:\d+$/)
  expect(reasonsFor('MAC', 'hmac-sha1-etm@openssh.com')[0]?.place).toMatch(/FUTURE\.pol:\d+:\d+$/)
  expect(reasonsFor('key exchange', 'diffie-hellman-group14-sha1')).not.toEqual([])
  expect(reasonsFor('cipher', 'blowfish-cbc')).toEqual([
    { text: 'no policy has a name for blowfish-cbc', place: null },
  ])
})

testWith(
  'sshd',
  'a key of RSA that signed a certificate of the host is too small too',
  async () => {
    const folder = scratchFolder()
    const key = hostKey(folder, 'ed25519')
    const yardstick = sshYardstick(shippedPolicy('FUTURE').policy)
    for (const bits of [2048, 3072]) {
      const sign = ['-q', '-s', hostKey(folder, 'rsa', bits), '-h', '-I', 'host']
      execFileSync('ssh-keygen', [...sign, `${key}.pub`])
      const { port } = await startSshd([`HostKey ${key}`, `HostCertificate ${key}-cert.pub`])
      const findings = compareSsh(await scanPort(port), yardstick)
      const small = findings.filter(({ code }) => code === 'AUDIT_SSH_KEY_TOO_SMALL')
      const detail = 'a host certificate signed with an RSA key of 2048 bits'
      expect(small.map(({ message }) => message)).toEqual(
        bits === 2048 ? [`the server has ${detail}; at least 3072 are asked for`] : [],
      )
    }
  },
)
