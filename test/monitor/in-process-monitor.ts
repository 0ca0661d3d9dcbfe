/** A monitor in the process of the test, without a socket: what it does is noticed there, in milliseconds. */
import { duplexPair } from 'node:stream'
import { onTestFinished } from 'vitest'
import { HostEndpoints, type HostOptions } from '../../src/monitor/host/host-endpoints.ts'
import { QmpSession } from '../../src/monitor/server/qmp-session.ts'
import { RawMonitor } from './raw-monitor.ts'

export type InProcessMonitor = {
  readonly host: HostEndpoints
  /** A client that has not negotiated yet. */
  readonly client: RawMonitor
}

export async function openInProcess(options: HostOptions = {}): Promise<InProcessMonitor> {
  const host = new HostEndpoints(options)
  const [ours, theirs] = duplexPair()
  const over = new QmpSession(host, theirs).run()
  onTestFinished(async () => {
    ours.destroy()
    theirs.destroy()
    await over
    await host.close()
  })
  return { host, client: await RawMonitor.over(ours) }
}

/** A monitor, and a client that has negotiated. */
export async function openNegotiated(options: HostOptions = {}): Promise<InProcessMonitor> {
  const opened = await openInProcess(options)
  await opened.client.run('qmp_capabilities')
  return opened
}
