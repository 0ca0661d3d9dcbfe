/** OpenSSL itself says at which security level it no longer offers a signature scheme or a group. */
import { duplexPair } from 'node:stream'
import { connect } from 'node:tls'
import { expect, test } from 'vitest'
import {
  bitsOfGroup,
  bitsOfScheme,
  OPENSSL_SECURITY_LEVELS,
} from '../../src/algorithms/openssl-security-bits.ts'
import { TLS_GROUPS } from '../../src/algorithms/tls-groups.ts'
import { TLS_SIGNATURE_SCHEMES } from '../../src/algorithms/tls-signatures.ts'

const SUITES = 'TLS_AES_256_GCM_SHA384:ECDHE-ECDSA-AES256-GCM-SHA384'

/** Whether a client sends anything with these alone; undefined where OpenSSL does not know a name. */
async function isOffered(
  level: number,
  only: { sigalgs: string } | { ecdhCurve: string },
): Promise<boolean | undefined> {
  const [near, far] = duplexPair()
  const ciphers = `${SUITES}:@SECLEVEL=${level}`
  try {
    const socket = connect({
      ecdhCurve: 'P-521',
      ...only,
      ciphers,
      minVersion: 'TLSv1.2',
      socket: near,
    })
    return await new Promise<boolean>((resolve) => {
      socket.once('error', () => resolve(false))
      far.once('data', (bytes: Buffer) => resolve(bytes[0] === 0x16))
    })
  } catch {
    return undefined
  } finally {
    near.destroy()
    far.destroy()
  }
}

/** The highest level that offers it; undefined where OpenSSL never does. */
async function levelOf(
  only: { sigalgs: string } | { ecdhCurve: string },
): Promise<number | undefined> {
  const offered = await Promise.all(
    OPENSSL_SECURITY_LEVELS.map(async ({ level }) => isOffered(level, only)),
  )
  const level = offered.lastIndexOf(true)
  return level < 0 || offered.includes(undefined) ? undefined : level
}

function levelOfBits(bits: number): number | undefined {
  return OPENSSL_SECURITY_LEVELS.findLast((row) => row.bits <= bits)?.level
}

test('signature schemes', async () => {
  const judged: string[] = []
  for (const { name } of TLS_SIGNATURE_SCHEMES) {
    const level = await levelOf({ sigalgs: name })
    if (level === undefined) continue
    judged.push(name)
    expect(`${name} ${levelOfBits(bitsOfScheme(name))}`).toBe(`${name} ${level}`)
  }
  expect(judged).toEqual(expect.arrayContaining(['ed25519', 'ed448', 'mldsa44', 'mldsa65']))
})

test('groups', async () => {
  const judged: string[] = []
  for (const group of TLS_GROUPS) {
    const level = await levelOf({ ecdhCurve: group.name })
    if (level === undefined) continue
    judged.push(group.name)
    expect(`${group.name} ${levelOfBits(bitsOfGroup(group))}`).toBe(`${group.name} ${level}`)
  }
  expect(judged).toEqual(expect.arrayContaining(['secp256r1', 'x25519', 'ffdhe2048', 'ffdhe8192']))
})
