/** What a scripted server is told to do, and what it has heard. */
import type { CertificateRequest } from '../../../src/audit/messages/certificate-request.ts'
import type { ClientHello } from '../../../src/audit/messages/client-hello.ts'

/** An alert, and the end of the connection. */
export type ScriptedAlert = { readonly alert: number; readonly level?: number }

/** What is done in place of an answer. Silence ends where the client's patience does, without a clock. */
export type Reaction = ScriptedAlert | 'close' | 'reset' | 'too-much' | 'silence' | Buffer

/** What the server does behind a handshake, one after the other; after that it says nothing. */
export type Behind =
  | ScriptedAlert
  | 'close'
  | 'reset'
  /** What comes is more than is read. */
  | 'too-much'
  /** TLS 1.3. */
  | 'ticket'
  | 'data'
  /** What is no record. */
  | 'garbage'
  /** A message that no client knows. */
  | 'message'
  /** Sends back what it gets, until the client leaves. */
  | 'echo'

export type Heard = {
  /** What the audit asked. */
  readonly claim: string
  readonly hello: ClientHello
  /** Of the record. */
  readonly size: number
}

export type Script = {
  /** Newest first; TLS 1.3 needs supported_versions. */
  readonly versions: readonly number[]
  /** Of all versions, in the server's order. */
  readonly suites: readonly number[]
  /** Suites of one version, where it has not all of them. */
  readonly suitesOf?: Readonly<Record<number, readonly number[]>>
  /** Whose order decides; the server's where it is left out. */
  readonly order?: 'server' | 'client'
  /** Curves, and all groups of TLS 1.3. */
  readonly groups: readonly number[]
  /** Named primes before TLS 1.3: undefined where the server does not know RFC 7919. */
  readonly namedPrimes?: readonly number[]
  /** The prime for clients that name none; without it they get no DHE. */
  readonly ownPrime?: Buffer
  /** Schemes that the server signs with. */
  readonly schemes?: readonly number[]
  readonly certificates?: (suite: number) => readonly Buffer[]
  readonly request?: CertificateRequest
  readonly protocols?: readonly string[]
  /** Where none of them is offered: an alert, or this one. */
  readonly otherProtocol?: 'refused' | string
  /** Extensions before TLS 1.3 that it answers without data where they are offered. */
  readonly extensions?: readonly number[]
  readonly compression?: number
  readonly hasDowngradeMark?: boolean
  readonly heedsFallback?: boolean
  /** Ciphers of SSLv2; undefined where it does not speak it. */
  readonly sslv2?: readonly number[]
  /** What it does with a hello of SSLv2 in place of that. */
  readonly toSslv2?: Buffer | 'reset' | 'silence'
  /** Before TLS 1.3: whether sessions have an ID, and whether it is the one that the client gave. */
  readonly namesSessions?: boolean | 'as-the-client'
  /** Before TLS 1.3; undefined where none is given. */
  readonly ticket?: { readonly lifetimeHint: number; readonly ticket: Buffer }
  readonly resumes?: { readonly byId?: boolean; readonly byTicket?: boolean }
  /** Of TLS 1.3: how tickets are taken. */
  readonly pskModes?: readonly number[]
  /** The place of the ticket that it says to have taken; the first, 0, where it is left out. */
  readonly takenTicket?: number
  readonly ticketExtensions?: readonly number[]
  /** What becomes of a client that is asked for a certificate and has none, before the server's Finished. */
  readonly withoutCertificate?: ScriptedAlert | 'close' | 'reset'
  /** Done in place of the server's Finished; in TLS 1.3, of all that is under keys. */
  readonly beforeFinished?: Reaction | 'data' | 'message'
  readonly behind?: readonly Behind[]
  readonly renegotiation?: 'accept' | 'ignore' | 'close' | ScriptedAlert
  /** Whatever else it does with a hello. */
  readonly quirk?: (heard: Heard) => Reaction | undefined
}
