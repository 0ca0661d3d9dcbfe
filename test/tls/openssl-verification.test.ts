import { once } from 'node:events'
import {
  type ConnectionOptions,
  connect,
  createSecureContext,
  type SecureContext,
  TLSSocket,
} from 'node:tls'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { omitVerification } from '../../src/tls/openssl-verification.ts'
import { COSTLY_KINDS, costlyChain } from '../x509/costly-chain.ts'
import { AUTHORITY, ENDPOINT, type Made, make } from '../x509/made-certificate.ts'
import { type KeyKind, makeIdentity } from './certificates.ts'
import { openPair } from './objects/meeting.ts'

const own = makeIdentity('localhost', 'ec-prime256v1')
const pair = { cert: own.certificate, key: own.key }

function shown(chain: readonly Made[]): { cert: string; key: string } {
  return { cert: chain.map(({ certificate }) => certificate).join(''), key: chain[0]?.key ?? '' }
}

/** What OpenSSL says of the peer's chain; null where there is nothing against it. */
function verdictOf(socket: TLSSocket): { code?: string } | null {
  const { _handle: handle } = socket as unknown as { _handle: { verifyError(): null } }
  return handle.verifyError()
}

type Side = { readonly context: SecureContext; readonly options?: ConnectionOptions }

/** A handshake over a pair of streams; gives what OpenSSL says on both sides. */
async function agree(server: Side, client: Side) {
  const [near, far] = await openPair()
  const shared = { requestCert: true, rejectUnauthorized: false }
  const accepted = new TLSSocket(far as never, {
    ...shared,
    isServer: true,
    secureContext: server.context,
  })
  const connected = connect({ ...shared, socket: near, secureContext: client.context })
  for (const socket of [accepted, connected]) socket.on('error', () => {})
  await Promise.all([once(accepted, 'secure'), once(connected, 'secureConnect')])
  const verdicts = { server: verdictOf(accepted), client: verdictOf(connected) }
  near.destroy()
  far.destroy()
  return verdicts
}

/** Seconds of processor time that handshakes take on this thread, both sides together. */
async function costOf(server: Side, client: Side, count: number): Promise<number> {
  const before = process.threadCpuUsage()
  for (let left = count; left > 0; left--) await agree(server, client)
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1_000_000
}

function contextOf(credentials: { cert: string; key: string }, omits: boolean): SecureContext {
  const context = createSecureContext({ ca: [], ...credentials })
  if (omits) expect(omitVerification(context)).toBe(true)
  return context
}

test.each(COSTLY_KINDS)('chains with %s keys cost a server next to nothing', async (kind) => {
  const client = { context: contextOf(shown(costlyChain(kind, 24)), true) }
  const verifying = { context: contextOf(pair, false) }
  const omitting = { context: contextOf(pair, true) }
  const before = await agree(verifying, client)
  expect(before.server).not.toBe(null)
  expect((await agree(omitting, client)).server).toBe(null)
  const dear = await costOf(verifying, client, 2)
  expect(await costOf(omitting, client, 2)).toBeLessThan(dear / 2)
})

test('chains cost a client next to nothing', async () => {
  const server = { context: contextOf(shown(costlyChain('rsa-3072', 24)), true) }
  const verifying = { context: contextOf(pair, false) }
  const omitting = { context: contextOf(pair, true) }
  expect((await agree(server, verifying)).client).not.toBe(null)
  expect((await agree(server, omitting)).client).toBe(null)
  const dear = await costOf(server, verifying, 2)
  expect(await costOf(server, omitting, 2)).toBeLessThan(dear / 2)
})

/** What becomes of a server that is shown certificates of a kind. */
async function show(kind: KeyKind, count: number): Promise<string> {
  const root = make({ subject: 'root', key: kind, ...AUTHORITY })
  const chain = [make({ subject: 'end', issuer: root, key: kind, ...ENDPOINT })]
  while (chain.length < count) chain.push(root)
  const [near, far] = await openPair()
  const accepted = new TLSSocket(far as never, {
    ...{ isServer: true, requestCert: true, rejectUnauthorized: false },
    secureContext: contextOf(pair, true),
  })
  const secureContext = contextOf(shown(chain), true)
  const connected = connect({ socket: near, rejectUnauthorized: false, secureContext })
  for (const socket of [accepted, connected]) socket.on('error', () => {})
  const failed = once(accepted, '_tlsError').then(([error]) => `${error.reason}`)
  const end = await Promise.race([once(accepted, 'secure').then(() => 'secure'), failed])
  near.destroy()
  far.destroy()
  return end
}

test('chains that hosts use fit into what a peer may send, and not many more', async () => {
  expect(await show('rsa-4096', 16)).toBe('secure')
  expect(await show('ml-dsa-44', 8)).toBe('secure')
  expect(await show('ml-dsa-87', 4)).toBe('secure')
  expect(await show('ml-dsa-44', 9)).toBe('excessive message size')
})

test('contexts come and go between handshakes', async () => {
  const client = { context: contextOf(pair, true) }
  for (let round = 0; round < 100; round++) {
    const server = { context: contextOf(pair, true) }
    for (let made = 0; made < 10; made++) omitVerification(createSecureContext())
    expect((await agree(server, client)).server).toBe(null)
  }
})

test('what is no context of node:tls is left alone', () => {
  expect(omitVerification({ context: undefined } as never)).toBe(false)
  expect(omitVerification({ context: { _external: '[External: 1234]' } } as never)).toBe(false)
  expect(omitVerification({ context: { _external: 0x1234 } } as never)).toBe(false)
})

test('threads omit it too, at the same time', async () => {
  const module = JSON.stringify(new URL('../../src/tls/openssl-verification.ts', import.meta.url))
  const script = `
    import { createSecureContext } from 'node:tls'
    import { parentPort } from 'node:worker_threads'
    import { omitVerification } from ${module}
    let count = 0
    for (let made = 0; made < 500; made++) count += omitVerification(createSecureContext())
    parentPort.postMessage(count)`
  const url = new URL(`data:text/javascript,${encodeURIComponent(script)}`)
  const workers = Array.from({ length: 4 }, () => new Worker(url))
  const counts = await Promise.all(workers.map((worker) => once(worker, 'message')))
  expect(counts.flat()).toEqual([500, 500, 500, 500])
  await Promise.all(workers.map((worker) => worker.terminate()))
})
