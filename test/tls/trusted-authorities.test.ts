/** acceptTls and connectTls decide as OpenSSL would, and OpenSSL verifies nothing that strangers send. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates, connect as tlsConnect } from 'node:tls'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { TlsRole } from '../../src/algorithms/tls-role.ts'
import { tlsOptionsFor } from '../../src/library/tls.ts'
import { acceptTls, connectTls } from '../../src/tls/connection.ts'
import { trustedAuthorities } from '../../src/tls/trusted-authorities.ts'
import { scratchFolder } from '../cli/command.ts'
import { execFile } from '../peers/child-process.ts'
import { testWith } from '../peers/peer.ts'
import { COSTLY_KINDS, costlyChain } from '../x509/costly-chain.ts'
import {
  AUTHORITY,
  CLIENT_AUTH,
  type Description,
  ENDPOINT,
  type Made,
  make,
  makeList,
  SERVER_AUTH,
} from '../x509/made-certificate.ts'
import { makeIdentity } from './certificates.ts'
import { codeOf } from './handshake-code.ts'
import { openPair } from './objects/meeting.ts'

const own = makeIdentity('localhost', 'ec-prime256v1')
const names = [[0x82, Buffer.from('localhost')]] as const

function pems(chain: readonly Made[]): string {
  return chain.map(({ certificate }) => certificate).join('')
}

/** An option that only OpenSSL understands. */
type Extra = { readonly crl?: string }

/** What connectTls says of a server with a chain, or acceptTls of a client with it. */
async function verdict(
  peer: TlsRole,
  chain: readonly Made[],
  ca: readonly Made[],
  more: Extra = {},
): Promise<string> {
  const credentials = { cert: pems(chain), key: chain[0]?.key ?? '' }
  const trust = { ca: ca.map(({ certificate }) => certificate), ...more }
  const [near, far] = await openPair()
  try {
    if (peer === 'client') {
      const options = { socket: near, rejectUnauthorized: false, ...credentials }
      tlsConnect(options).on('error', () => {})
      const accepting = tlsOptionsFor('NORMAL', { role: 'server' })
      const identity = { key: own.key, cert: own.certificate }
      return await codeOf(acceptTls(far, accepting, { ...identity, requestCert: true, ...trust }))
    }
    const accepted = acceptTls(far, tlsOptionsFor('NORMAL', { role: 'server' }), credentials)
    accepted.catch(() => {})
    const connecting = tlsOptionsFor('NORMAL', { role: 'client' })
    return await codeOf(connectTls(near, connecting, { servername: 'localhost', ...trust }))
  } finally {
    near.destroy()
    far.destroy()
  }
}

const root = make({ subject: 'root', ...AUTHORITY })
const middle = make({ subject: 'middle', issuer: root, ...AUTHORITY })
const only = (purpose: string): Description => ({
  extendedKeyUsage: { critical: false, purposes: [purpose] },
})
const below = (issuer: Made, more: Description = {}): Made =>
  make({ subject: 'end', issuer, names, ...ENDPOINT, ...more })
const mailMiddle = make({ subject: 'mail', issuer: root, ...AUTHORITY, ...only(SERVER_AUTH) })
const mailRoot = make({ subject: 'mail root', ...AUTHORITY, ...only(CLIENT_AUTH) })
const short = make({
  subject: 'short',
  ...AUTHORITY,
  basicConstraints: { critical: true, isAuthority: true, pathLength: 0 },
})
const underShort = make({ subject: 'under', issuer: short, ...AUTHORITY })
const noAuthority = below(root)
const impostor = make({ subject: 'root', ...AUTHORITY })
const oldMiddle = make({ subject: 'old', issuer: root, ...AUTHORITY, until: -1 })
const signing = { keyUsage: { critical: false, uses: ['keyCertSign'] } } as const
const encipherment = { keyUsage: { critical: true, uses: ['keyEncipherment'] } } as const

type Case = readonly [name: string, chain: readonly Made[], ca: readonly Made[]]

const CASES: readonly Case[] = [
  ['a certificate of the root', [below(root)], [root]],
  ['one of an intermediate', [below(middle), middle], [root]],
  ['one of an intermediate, the root with it', [below(middle), middle, root], [root]],
  ['an intermediate that was not sent', [below(middle)], [root]],
  ['an intermediate among the authorities', [below(middle)], [middle]],
  ['an intermediate among the authorities, with its root', [below(middle)], [middle, root]],
  ['another root of the same name', [below(impostor), impostor], [root]],
  ['a root that came along', [below(impostor), impostor], []],
  ['a certificate that has expired', [below(root, { until: -1 })], [root]],
  ['one that is not valid yet', [below(root, { from: 1 })], [root]],
  ['an intermediate that has expired', [below(oldMiddle), oldMiddle], [root]],
  ['one for servers', [below(root, only(SERVER_AUTH))], [root]],
  ['one for clients', [below(root, only(CLIENT_AUTH))], [root]],
  ['one for any purpose', [below(root, only('2.5.29.37.0'))], [root]],
  ['an intermediate for servers', [below(mailMiddle), mailMiddle], [root]],
  ['a root for clients', [below(mailRoot)], [mailRoot]],
  ['one whose key may sign certificates alone', [below(root, signing)], [root]],
  ['one whose key may encipher keys alone', [below(root, encipherment)], [root]],
  ['too long a way', [below(underShort), underShort], [short]],
  ['an issuer that is no authority', [below(noAuthority), noAuthority], [root]],
]

/** Whether `openssl verify` takes a chain. */
async function isGood(
  peer: TlsRole,
  chain: readonly Made[],
  ca: readonly Made[],
): Promise<boolean> {
  const folder = scratchFolder()
  const file = (name: string, made: readonly Made[]): string => {
    writeFileSync(join(folder, name), pems(made))
    return join(folder, name)
  }
  const trusted = ca.length > 0 ? ['-CAfile', file('ca', ca)] : []
  const sent = ['-untrusted', file('sent', chain), file('end', chain.slice(0, 1))]
  const purpose = ['-purpose', peer === 'server' ? 'sslserver' : 'sslclient']
  const args = ['verify', '-no-CApath', '-no-CAstore', ...purpose, ...trusted, ...sent]
  return (await execFile('openssl', ca.length > 0 ? args : [...args, '-no-CAfile'])).status === 0
}

describe.each(['server', 'client'] as const)('a %s', (peer) => {
  for (const [name, chain, ca] of CASES) {
    testWith('openssl', `with ${name} is judged as by OpenSSL`, async () => {
      const code = await verdict(peer, chain, ca)
      expect(code === 'secured', code).toBe(await isGood(peer, chain, ca))
    })
  }

  test('that was revoked is refused', async () => {
    const uses = ['keyCertSign', 'cRLSign'] as const
    const signer = make({ subject: 'both', ...AUTHORITY, keyUsage: { critical: true, uses } })
    const [good, bad] = [below(signer), below(signer)]
    const crl = makeList({ signer, revoked: [bad.serial] })
    expect(await verdict(peer, [good], [signer], { crl })).toBe('secured')
    expect(await verdict(peer, [bad], [signer], { crl })).toBe('TLS_HANDSHAKE_FAILED')
  })

  test.each(COSTLY_KINDS)(
    'with a chain of %s costs less than what OpenSSL verifies',
    async (kind) => {
      const chain = costlyChain(kind, 24)
      const cost = async (more?: Extra): Promise<number> => {
        const before = process.threadCpuUsage()
        for (let round = 0; round < 3; round++) {
          expect(await verdict(peer, chain, [root], more)).not.toBe('secured')
        }
        const { user, system } = process.threadCpuUsage(before)
        return user + system
      }
      // The list is for OpenSSL alone, so with it OpenSSL verifies.
      const verifying = { crl: makeList({ signer: root, revoked: [] }) }
      await cost()
      expect(await cost()).toBeLessThan((await cost(verifying)) * 0.75)
    },
  )
})

test('the authorities of Node.js are all known', () => {
  expect(trustedAuthorities({})).toHaveLength(getCACertificates('default').length)
})

test('those that a program has put in their place are left to OpenSSL', () => {
  const before = getCACertificates('default')
  onTestFinished(() => setDefaultCACertificates(before))
  setDefaultCACertificates([root.certificate])
  expect(trustedAuthorities({})).toBe(undefined)
  setDefaultCACertificates([])
  expect(trustedAuthorities({})).toBe(undefined)
})

test('what OpenSSL alone knows is left to it', () => {
  const ca = root.certificate
  expect(trustedAuthorities({ ca })).toHaveLength(1)
  expect(trustedAuthorities({ ca: [Buffer.from(ca), ca] })).toHaveLength(2)
  expect(trustedAuthorities({ ca: [] })).toEqual([])
  const bytes = Buffer.from(`some text${ca}some text`)
  const view = new DataView(bytes.buffer, bytes.byteOffset + 9, Buffer.byteLength(ca))
  expect(trustedAuthorities({ ca: [view as unknown as Buffer] })).toHaveLength(1)
  expect(trustedAuthorities({ ca: middle.certificate, allowPartialTrustChain: true })).toHaveLength(
    1,
  )
  for (const options of [
    ...[{ pfx: '' }, { crl: '' }, { SNICallback: () => {} }, { sessionIdContext: 'a' }],
    ...[{ ticketKeys: Buffer.alloc(48) }],
    ...[{ ca: middle.certificate }, { ca: 'no certificate' }, { ca: ca.slice(0, 99) }],
    { ca: ca.replaceAll('CERTIFICATE', 'TRUSTED CERTIFICATE') },
  ]) {
    expect(trustedAuthorities({ ca, ...options }), JSON.stringify(options)).toBe(undefined)
  }
})
