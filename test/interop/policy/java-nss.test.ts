/** What Java and NSS offer beyond a policy is announced, by their own first messages. */
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
import type { Announcement } from './announced.ts'
import { drawAnyPolicy } from './draw-policies.ts'
import { judgeJava, prepareJava } from './java-judge.ts'
import { judgeNss, nssRelease } from './nss-judge.ts'

/** Each takes away a part that one of the two has no word for. */
const CHANGES = [
  'cipher = -AES-256-GCM',
  'cipher = -AES-128-GCM',
  'mac = -AEAD',
  'hash = -SHA2-256',
  'hash = -SHA2-384',
  'sign = -RSA-PSS-*',
  'key_exchange = -RSA\ncipher = 3DES-CBC+',
  'protocol@TLS = -TLS1.3',
  'group = -FFDHE-*',
]

/** `npm run fuzz:java` and `npm run fuzz:nss` draw more. */
const RANDOM = 4

function layered(change: string): Policy {
  const { policy } = shippedPolicy('DEFAULT')
  const module = parsePolicy('M', [{ name: 'M.pmod', text: `${change}\n` }]).policy
  return { ...policy, directives: [...policy.directives, ...module.directives] }
}

function drawn(): readonly (readonly [string, Policy])[] {
  const random = new Random(SEED)
  const texts = Array.from({ length: RANDOM }, () => drawAnyPolicy(random))
  return texts.map((text) => [text, parsePolicy('P', [{ name: 'P.pol', text }]).policy])
}

/** Changes of DEFAULT, and random policies. */
function policies(changes: readonly string[]): readonly (readonly [string, Policy])[] {
  return [...changes.map((change) => [change, layered(change)] as const), ...drawn()]
}

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cryptopolicy-test-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

function expectAnnounced(name: string, { unannounced, falseAlarms }: Announcement): void {
  expect({ name, unannounced, falseAlarms }).toEqual({ name, unannounced: [], falseAlarms: [] })
}

testWith(
  'javac',
  'what Java offers beyond a policy is announced, and nothing else',
  async () => {
    const place = { folder: scratch() }
    const release = await prepareJava(place)
    for (const [name, policy] of policies(CHANGES)) {
      expectAnnounced(name, await judgeJava(policy, place, release))
    }
  },
  600_000,
)

testWith(
  'tstclnt',
  'what NSS offers beyond a policy is announced, and nothing else',
  async () => {
    const place = { folder: scratch() }
    const release = await nssRelease(place)
    // NSS is told of RSA keys with any padding by the first.
    const changes = [...CHANGES, 'sign = RSA-PSS-SHA2-512', 'sign = MLDSA65-ED25519 ECDSA-SHA2-256']
    for (const [name, policy] of policies(changes)) {
      expectAnnounced(name, await judgeNss(policy, place, release))
    }
  },
  600_000,
)
