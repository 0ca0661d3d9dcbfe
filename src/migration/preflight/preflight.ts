/** Tells before a guest is moved what would fail: every check that needs the other host. */
import { DiagnosticError, diagnose, moderate } from '../../diagnostics/diagnostic.ts'
import { printHostAndPort } from '../../net/address.ts'
import type { SystemConfig } from '../../priority/system-config.ts'
import type { TlsCredentials } from '../../tls/credentials/credentials.ts'
import { type Check, checked, notChecked } from './check.ts'
import { findListener } from './find-listener.ts'
import { checkHandshake } from './handshake-check.ts'
import {
  type AgreedTls,
  type Greeting,
  PreflightConnection,
  type PreflightTarget,
} from './preflight-connection.ts'
import { PREFLIGHT_KINDS } from './preflight-diagnostics.ts'
import { checkSharedTls } from './shared-tls.ts'

export type PreflightRequest = {
  readonly host: string
  readonly port: number
  /** Without them the other host is reached in clear. */
  readonly credentials?: TlsCredentials | undefined
  /** The names that clients will compare with the certificate. */
  readonly hostnames: readonly string[]
  readonly config: SystemConfig
  /** Connects without asking first whether a preflight listens. */
  readonly isTrusted: boolean
  /** For each step, in milliseconds. */
  readonly timeout: number
}

export type PreflightReport = {
  readonly checks: readonly Check[]
  /** Where the other side answered; undefined where it did not. */
  readonly target?: PreflightTarget
  /** Undefined where no name led to a session. */
  readonly agreed?: AgreedTls | undefined
}

/** Never throws for what the other host does: that is in the report. */
export async function runPreflight(request: PreflightRequest): Promise<PreflightReport> {
  const { host, port, isTrusted, timeout } = request
  const found = await attempt('listener', () => findListener(host, port, { isTrusted }))
  if ('failed' in found) {
    const names = ['connection', 'clock', 'shared TLS', ...request.hostnames.map(certificateFor)]
    const reason = 'there is no connection'
    return { checks: [found.failed, ...names.map((name) => notChecked(name, reason))] }
  }
  const target = { address: found.result, port, timeout }
  const server = printHostAndPort(target.address, port)
  const said = isTrusted ? 'not asked (--connect)' : `a preflight answers at ${server}`
  const { checks, agreed, hasAnswered } = await checkConnection(target, request)
  const report = { checks: [checked('listener', said), ...checks], agreed }
  return hasAnswered ? { ...report, target } : report
}

type Found = Pick<PreflightReport, 'checks' | 'agreed'>

async function checkConnection(
  target: PreflightTarget,
  request: PreflightRequest,
): Promise<Found & { readonly hasAnswered: boolean }> {
  const { credentials, config } = request
  const greeting = await attempt('connection', () => greet(target, credentials))
  if ('failed' in greeting) return { checks: [greeting.failed], hasAnswered: false }
  const server = printHostAndPort(target.address, target.port)
  const checks = [checked('connection', server), checkClock(greeting.result)]
  if (!credentials) {
    return { checks: [...checks, notChecked('TLS', 'no --tls-creds')], hasAnswered: true }
  }
  const shared = checkSharedTls(credentials.settings, config, greeting.result.hello)
  const { checks: named, agreed } = await checkNames(target, credentials, request.hostnames)
  const told = [...checks, ...(agreed ? shared.map(moderated) : shared), ...named]
  return { checks: told, agreed, hasAnswered: true }
}

/** Older versions do without groups or signature schemes: a handshake is the better proof. */
function moderated(check: Check): Check {
  if (check.outcome !== 'failed') return check
  return { ...check, outcome: 'warning', diagnostics: check.diagnostics.map(moderate) }
}

async function greet(
  target: PreflightTarget,
  credentials: TlsCredentials | undefined,
): Promise<Greeting> {
  const connection = await PreflightConnection.open(target)
  try {
    const settings = credentials?.settings
    const greeting = await connection.greet('verdict', { tls: false, settings })
    await connection.verdict()
    return greeting
  } finally {
    connection.close()
  }
}

/** Each name in a handshake of its own, as each client will have it. */
async function checkNames(
  target: PreflightTarget,
  credentials: TlsCredentials,
  hostnames: readonly string[],
): Promise<Found> {
  const isVerified = credentials.kind === 'x509' && credentials.verifyPeer
  const names = isVerified ? hostnames : [undefined]
  const checks: Check[] = []
  let agreed: AgreedTls | undefined
  for (const name of names) {
    const handshake = await attempt('handshake', () => checkHandshake(target, credentials, name))
    const found = 'failed' in handshake ? [handshake.failed] : handshake.result.checks
    if ('result' in handshake && handshake.result.session)
      agreed ??= { credentials, hostname: name }
    // What does not depend on the name is told once.
    const isNew = (check: Check) => !checks.some((other) => other.name === check.name)
    checks.push(...found.filter(isNew))
  }
  return { checks, agreed }
}

/** What is further apart is a finding, in seconds. */
const SKEW = 60

/** By the middle between question and answer; half of the time between them is uncertain. */
function checkClock({ hello, asked, answered }: Greeting): Check {
  const difference = (hello.time - (asked + answered) / 2) / 1000
  const uncertainty = (answered - asked) / 2000
  const seconds = Math.round(difference)
  const isApart = Math.abs(difference) - uncertainty > SKEW
  const roundTrip = `round trip ${answered - asked} ms`
  return isApart
    ? checked('clock', '', [diagnose(PREFLIGHT_KINDS.clockSkew, { seconds })])
    : checked('clock', `differs by ${Math.abs(seconds)} s, ${roundTrip}`)
}

function certificateFor(hostname: string): string {
  return `certificate for ${hostname}`
}

type Attempt<Result> = { readonly result: Result } | { readonly failed: Check }

async function attempt<Result>(
  name: string,
  work: () => Promise<Result>,
): Promise<Attempt<Result>> {
  try {
    return { result: await work() }
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    return { failed: checked(name, '', error.diagnostics) }
  }
}
