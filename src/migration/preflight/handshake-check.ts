/** One handshake with the other host, under one name, and all that it shows. */
import { setTimeout as delay } from 'node:timers/promises'
import { type Diagnostic, DiagnosticError, diagnose } from '../../diagnostics/diagnostic.ts'
import { printHostAndPort } from '../../net/address.ts'
import type { TlsCredentials } from '../../tls/credentials/credentials.ts'
import type { TlsFacts, TlsSession } from '../../tls/credentials/tls-session.ts'
import { daysUntil } from '../../x509/days-until.ts'
import { type Check, checked } from './check.ts'
import type { ServerVerdict, ToldDiagnostic } from './hello.ts'
import { type Greeting, PreflightConnection, type PreflightTarget } from './preflight-connection.ts'
import { PREFLIGHT_KINDS } from './preflight-diagnostics.ts'

export type Handshake = {
  readonly greeting: Greeting
  /** Undefined where it failed. */
  readonly session?: TlsFacts
  readonly checks: readonly Check[]
}

/** What ends sooner is a finding, in days. */
const SOON = 30

/** Answers that say nothing are asked for again: the other side may still be at it. */
const ATTEMPTS = 5

/** @throws DiagnosticError where there was not even a greeting. */
export async function checkHandshake(
  target: PreflightTarget,
  credentials: TlsCredentials,
  hostname: string | undefined,
): Promise<Handshake> {
  const connection = await PreflightConnection.open(target)
  try {
    const greeting = await connection.greet('check', { tls: true, settings: credentials.settings })
    const server = printHostAndPort(target.address, target.port)
    if (!greeting.hello.tls) {
      const finding = diagnose(PREFLIGHT_KINDS.noTlsThere, { server })
      return { greeting, checks: [checked(nameOf(hostname), '', [finding])] }
    }
    return { greeting, ...(await secure(connection, target, credentials, hostname)) }
  } finally {
    connection.close()
  }
}

async function secure(
  connection: PreflightConnection,
  target: PreflightTarget,
  credentials: TlsCredentials,
  hostname: string | undefined,
): Promise<Omit<Handshake, 'greeting'>> {
  try {
    const session = await connection.secure(credentials, hostname)
    const verdict = await connection.verdict()
    return { session, checks: goodChecks(session, verdict, hostname) }
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    return { checks: await failedChecks(error, connection.nonce, target, hostname) }
  }
}

function goodChecks(
  { peer, protocol, suite, group }: TlsSession,
  { distinguishedName, username }: ServerVerdict,
  hostname: string | undefined,
): readonly Check[] {
  const { certificate } = peer
  const shown = certificate ? `it bears the name: ${certificate.subject}` : 'not verified'
  const who = distinguishedName ?? (username === undefined ? undefined : `user ${username}`)
  return [
    checked(nameOf(hostname), shown, certificate ? soonEnding(certificate) : []),
    checked('this host there', `let in as ${who ?? 'a client that is not verified'}`),
    checked('session', [protocol, suite, group].filter(Boolean).join(' ')),
  ]
}

function soonEnding(certificate: { subject: string; notAfter: Date }): readonly Diagnostic[] {
  const { subject, notAfter } = certificate
  const days = daysUntil(notAfter, new Date())
  return days < SOON ? [diagnose(PREFLIGHT_KINDS.expiresSoon, { subject, days })] : []
}

/** What this side says of a failed handshake, and what the other does. */
async function failedChecks(
  { diagnostics }: DiagnosticError,
  nonce: string,
  target: PreflightTarget,
  hostname: string | undefined,
): Promise<readonly Check[]> {
  const told = await askWhy(nonce, target)
  const there = told.map(toDiagnostic)
  const isVague = diagnostics.every(({ fault }) => fault === 'unavailable')
  const server = printHostAndPort(target.address, target.port)
  const unsaid = [diagnose(PREFLIGHT_KINDS.refusedThere, { server })]
  const here = isVague ? [] : diagnostics
  return [
    ...(here.length > 0 ? [checked(nameOf(hostname), '', here)] : []),
    ...(here.length === 0 || there.length > 0
      ? [checked('this host there', '', there.length > 0 ? there : unsaid)]
      : []),
  ]
}

async function askWhy(nonce: string, target: PreflightTarget): Promise<readonly ToldDiagnostic[]> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const connection = await PreflightConnection.open(target, nonce).catch(() => undefined)
    if (!connection) return []
    try {
      await connection.greet('verdict', { tls: false })
      const { refusals } = await connection.verdict()
      if (refusals.length > 0) return refusals
    } catch (error) {
      if (error instanceof DiagnosticError) return []
      throw error
    } finally {
      connection.close()
    }
    await delay(100)
  }
  return []
}

/** The codes are those of this program; of another release they may be new. */
function toDiagnostic({ code, message, hint }: ToldDiagnostic): Diagnostic {
  return {
    code: /^[A-Z0-9_]{1,64}$/.test(code) ? code : PREFLIGHT_KINDS.refusedThere.code,
    severity: 'error',
    fault: 'answer',
    message: `the other side says: ${message}`,
    ...(hint === undefined ? {} : { hint }),
  }
}

function nameOf(hostname: string | undefined): string {
  return hostname === undefined ? 'handshake' : `certificate for ${hostname}`
}
