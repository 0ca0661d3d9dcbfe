/** How many bytes a second go to the other host, over some channels, with or without TLS. */
import { fail } from '../../diagnostics/diagnostic.ts'
import type { TlsCredentials } from '../../tls/credentials/credentials.ts'
import {
  type AgreedTls,
  PreflightConnection,
  type PreflightTarget,
} from './preflight-connection.ts'
import { PREFLIGHT_KINDS } from './preflight-diagnostics.ts'

export type RateRequest = {
  readonly channels: number
  readonly seconds: number
  /** Undefined for a rate in clear. */
  readonly credentials?: TlsCredentials | undefined
  readonly hostname?: string | undefined
  /** What the other side lets this one in by, where the rate is in clear and that side has credentials. */
  readonly agreed?: AgreedTls | undefined
}

export type Rate = {
  readonly channels: number
  /** `TLS_AES_128_GCM_SHA256`; undefined in clear. */
  readonly suite: string | undefined
  readonly bytes: number
  readonly seconds: number
  /** Processor time of the two processes, in seconds for each GiB. */
  readonly cpu: { readonly here: number; readonly there: number }
}

const GIB = 2 ** 30

/** @throws DiagnosticError NET_..., TLS_..., PREFLIGHT_... */
export async function measureRate(target: PreflightTarget, request: RateRequest): Promise<Rate> {
  const { channels, seconds: asked } = request
  const open: Channel[] = []
  try {
    for (let count = 0; count < channels; count++) open.push(await openChannel(target, request))
    const cpuBefore = process.cpuUsage()
    const start = performance.now()
    const deadline = start + asked * 1000
    const results = await Promise.all(open.map(({ connection }) => connection.rate(deadline)))
    const seconds = (performance.now() - start) / 1000
    const { user, system } = process.cpuUsage(cpuBefore)
    const bytes = results.reduce((total, result) => total + result.bytes, 0)
    // Each channel's result has the time of the whole process there.
    const there = Math.max(...results.map(({ cpuTime }) => cpuTime))
    const perGib = (microseconds: number) => microseconds / 1e6 / (bytes / GIB)
    const cpu = { here: perGib(user + system), there: perGib(there) }
    return { channels, suite: open[0]?.suite, bytes, seconds, cpu }
  } finally {
    for (const { connection } of open) connection.close()
  }
}

type Channel = { readonly connection: PreflightConnection; readonly suite: string | undefined }

async function openChannel(
  target: PreflightTarget,
  { credentials, hostname, agreed }: RateRequest,
): Promise<Channel> {
  const ticket = credentials ? undefined : agreed && (await askForTicket(target, agreed))
  const connection = await PreflightConnection.open(target)
  try {
    const settings = credentials?.settings
    const tls = credentials !== undefined
    const { hello } = await connection.greet('rate', { tls, settings, ticket })
    if (hello.tls && !tls && ticket === undefined) {
      fail(PREFLIGHT_KINDS.rateNeedsTls, { server: connection.server })
    }
    const session = credentials && (await connection.secure(credentials, hostname))
    return { connection, suite: session?.suite }
  } catch (error) {
    connection.close()
    throw error
  }
}

/** @returns undefined where the other side has no credentials, and needs none. */
async function askForTicket(
  target: PreflightTarget,
  { credentials, hostname }: AgreedTls,
): Promise<string | undefined> {
  const connection = await PreflightConnection.open(target)
  try {
    const { settings } = credentials
    const { hello } = await connection.greet('check', { tls: true, settings })
    if (!hello.tls) return undefined
    await connection.secure(credentials, hostname)
    return (await connection.verdict()).rateTicket
  } finally {
    connection.close()
  }
}
