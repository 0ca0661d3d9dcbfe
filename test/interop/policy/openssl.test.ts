/** OpenSSL offers what policies allow and what is announced, by the client's own first message. */
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { type Policy, parsePolicy } from '../../../src/policy/policy.ts'
import { Random } from '../../fuzz/random.ts'
import { testWith } from '../../peers/peer.ts'
import { SEED } from '../../seed.ts'
import { shippedPolicy } from '../../shipped-policies.ts'
import { output } from '../convert/hello-catcher.ts'
import { drawAnyPolicy } from './draw-policies.ts'
import { judgeOpenssl } from './openssl-judge.ts'

const SELECTIONS = ['DEFAULT', 'LEGACY', 'FUTURE', 'FIPS:OSPP', 'BSI', 'DEFAULT:ECDHE-ONLY']

/** A part that no word takes away, or a list of which OpenSSL 3.0 knows nothing. */
const CHANGES = [
  'cipher = NULL\nmac = HMAC-SHA2-384',
  'hash = -SHA2-256',
  'hash = -SHA2-384',
  'mac = -AEAD',
  'mac = -HMAC-SHA2-256',
  'cipher = -AES-*-CBC 3DES-CBC',
  'cipher = -AES-*-CBC CAMELLIA-256-CBC',
  'cipher = -AES-128-CCM AES-256-CCM',
  'sign = FALCON512',
  'sign = MLDSA44',
  'group = MLKEM512',
  'protocol = -TLS1.2 TLS1.1',
  'protocol = DTLS1.2',
  'protocol = TLS1.2 DTLS0.9',
]

/** `npm run fuzz:openssl` draws more. */
const RANDOM = 12

function layered(change: string): Policy {
  const { policy } = shippedPolicy('DEFAULT')
  const module = parsePolicy('M', [{ name: 'M.pmod', text: `${change}\n` }]).policy
  return { ...policy, directives: [...policy.directives, ...module.directives] }
}

testWith(
  'openssl',
  'OpenSSL offers what policies allow, and just what is announced besides',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cryptopolicy-test-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const version = await output({ folder }, ['openssl', 'version'])
    const release = /OpenSSL (\S+)/.exec(version)?.[1] ?? ''
    const random = new Random(SEED)
    const drawn = Array.from({ length: RANDOM }, () => drawAnyPolicy(random))
    const policies = [
      ...SELECTIONS.map((name) => [name, shippedPolicy(name).policy] as const),
      ...CHANGES.map((change) => [change, layered(change)] as const),
      ...drawn.map((text) => [text, parsePolicy('P', [{ name: 'P.pol', text }]).policy] as const),
    ]
    for (const [name, policy] of policies) {
      const { isLooser: _, ...problems } = await judgeOpenssl(policy, { folder }, release)
      expect({ name, ...problems }).toEqual({
        ...{ name, unannounced: [], falseAlarms: [], missing: [] },
      })
    }
  },
  600_000,
)
