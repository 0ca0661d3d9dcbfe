/** Two endpoints of ours that meet: over a pair of streams, TCP or a unix socket. */
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { type Duplex, duplexPair } from 'node:stream'
import { onTestFinished } from 'vitest'
import { DiagnosticError } from '../../../src/diagnostics/diagnostic.ts'
import type { TlsCredentials } from '../../../src/tls/credentials/credentials.ts'
import type {
  AcceptSessionOptions,
  ConnectSessionOptions,
} from '../../../src/tls/credentials/session-options.ts'
import type { TlsSession } from '../../../src/tls/credentials/tls-session.ts'
import { parseObject } from '../../../src/tls/objects/parse-object.ts'
import { TlsObjects } from '../../../src/tls/objects/tls-objects.ts'
import { scratchFolder } from '../../cli/command.ts'

/** Objects by their definitions; closed after the test. */
export function objectsOf(...definitions: readonly string[]): TlsObjects {
  const objects = TlsObjects.create(definitions.map((text) => parseObject(text)))
  onTestFinished(() => objects.close())
  return objects
}

export type Outcome =
  | { readonly session: TlsSession }
  | { readonly code: string; readonly message: string }

export type Meeting = { readonly server: Outcome; readonly client: Outcome }

/** Pairs of streams without any socket. */
export async function openPair(): Promise<readonly [Duplex, Duplex]> {
  const [near, far] = duplexPair()
  near.on('close', () => far.destroy())
  far.on('close', () => near.destroy())
  return [near, far]
}

/** A server whose connections come in pairs with their clients'. */
export async function openListener(
  kind: 'tcp' | 'unix',
): Promise<() => Promise<readonly [Duplex, Duplex]>> {
  const server = createServer()
  const path = kind === 'unix' ? join(scratchFolder(), 'socket') : undefined
  server.listen(path ? { path } : { port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  // One at a time, so that each side knows which connection is whose.
  let last: Promise<unknown> = Promise.resolve()
  return () => {
    const pair = last.then(() => connectPair(server, path))
    last = pair
    return pair
  }
}

async function connectPair(server: Server, path?: string): Promise<readonly [Duplex, Duplex]> {
  const address = server.address() as { port: number }
  const near = path ? connect(path) : connect(address.port, '127.0.0.1')
  const [far] = (await once(server, 'connection')) as [Socket]
  return [near, far]
}

export type MeetingOptions = {
  readonly accept?: AcceptSessionOptions
  readonly connect?: ConnectSessionOptions
  readonly pair?: readonly [Duplex, Duplex]
}

/** Runs both sides to their end. */
export async function meet(
  server: TlsCredentials,
  client: TlsCredentials,
  { accept, connect: options, pair }: MeetingOptions = {},
): Promise<Meeting> {
  const [near, far] = pair ?? (await openPair())
  const [theirs, ours] = await Promise.allSettled([
    server.accept(far, accept),
    client.connect(near, { hostname: 'localhost', ...options }),
  ])
  onTestFinished(() => {
    near.destroy()
    far.destroy()
  })
  return { server: outcomeOf(theirs), client: outcomeOf(ours) }
}

function outcomeOf(result: PromiseSettledResult<TlsSession>): Outcome {
  if (result.status === 'fulfilled') return { session: result.value }
  if (!(result.reason instanceof DiagnosticError)) throw result.reason
  const [diagnostic] = result.reason.diagnostics
  return { code: diagnostic?.code ?? '', message: diagnostic?.message ?? '' }
}

/** `pass`, or the code of the refusal. */
export function verdictOf(outcome: Outcome): string {
  return 'session' in outcome ? 'pass' : outcome.code
}

export function sessionOf(outcome: Outcome): TlsSession {
  if ('session' in outcome) return outcome.session
  throw new Error(outcome.message)
}
