/** What Java and NSS offer beyond a policy is announced, by their own first messages. */
import { mkdtempSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { java } from '../../../src/backends/java.ts'
import { findLooseness } from '../../../src/backends/looseness/looseness.ts'
import { nss } from '../../../src/backends/nss.ts'
import { type Policy, parsePolicy } from '../../../src/policy/policy.ts'
import type { TlsPurpose } from '../../../src/policy/scope.ts'
import { testWith } from '../../peers/peer.ts'
import { shippedPolicy } from '../../shipped-policies.ts'
import { decodeClientHello } from '../../tls/prober/client-hello.ts'
import { CLIENTS } from '../convert/clients.ts'
import { findExcess } from './tls-excess.ts'

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

function layered(change: string): Policy {
  const { policy } = shippedPolicy('DEFAULT')
  const module = parsePolicy('M', [{ name: 'M.pmod', text: `${change}\n` }]).policy
  return { ...policy, directives: [...policy.directives, ...module.directives] }
}

/** What the program offers beyond the policy, and nothing says so. */
function unannounced(hello: Buffer | undefined, policy: Policy, name: TlsPurpose, backend: string) {
  const told = findLooseness(policy, { backend }).flatMap(({ kept }) => kept)
  if (!hello) throw new Error(`${backend} offers nothing`)
  return findExcess(decodeClientHello(hello), policy, name)
    .filter(({ forbidden }) => !forbidden.some((part) => told.includes(part)))
    .map(({ what }) => what)
}

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cryptopolicy-test-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

function hellosOf(target: string, texts: readonly string[], folder: string) {
  const client = CLIENTS.find((one) => one.target === target)
  return client?.hellos(texts, { folder }) ?? []
}

testWith(
  'javac',
  'what Java offers beyond a policy is announced',
  async () => {
    const folder = scratch()
    const settings = await Promise.all(
      CHANGES.map(async (change, index) => {
        const path = join(folder, `${index}.config`)
        await writeFile(path, java.generate(layered(change)))
        return `java.security.properties=${path}`
      }),
    )
    const hellos = await hellosOf('java', settings, folder)
    for (const [index, change] of CHANGES.entries()) {
      const found = unannounced(hellos[index], layered(change), 'java-tls', 'java')
      expect({ change, found }).toEqual({ change, found: [] })
    }
  },
  600_000,
)

testWith(
  'tstclnt',
  'what NSS offers beyond a policy is announced',
  async () => {
    // NSS is told of RSA keys with any padding then.
    const changes = [...CHANGES, 'sign = RSA-PSS-SHA2-512']
    // The first module needs a library that may not be there.
    const texts = changes.map((change) => {
      const text = nss.generate(layered(change))
      return text.slice(text.indexOf('library=\n'))
    })
    const hellos = await hellosOf('nss', texts, scratch())
    for (const [index, change] of changes.entries()) {
      const found = unannounced(hellos[index], layered(change), 'nss-tls', 'nss')
      expect({ change, found }).toEqual({ change, found: [] })
    }
  },
  600_000,
)
