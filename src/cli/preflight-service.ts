/** `--listen` of `migrate preflight` and `migrate bench`, as a service. */
import { findSecurity } from '../endpoint/security.ts'
import { PreflightListener } from '../migration/preflight/preflight-listener.ts'
import { printHostAndPort } from '../net/address.ts'
import { ServiceEnding } from '../service/ending.ts'
import { runService } from '../service/service.ts'
import { readPriorityConfig } from '../system/priority-config.ts'
import { logConnection } from './connection-log.ts'
import type { HostAndPort } from './migration-peers.ts'
import { loadObjects, type ObjectOptions } from './object-options.ts'
import { logReload } from './reload-log.ts'
import type { LogFormat } from './service-options.ts'
import { Terminal } from './terminal.ts'

export type PreflightListenOptions = ObjectOptions & {
  readonly tlsCreds?: string
  readonly tlsAuthz?: string
  readonly once?: true
  readonly log: LogFormat
}

/** For handshakes, in seconds. */
const HANDSHAKE_LIMIT = 30

/** Listens until a signal comes; with `--once` until a client is done. */
export async function listenForPreflights(
  { host, port }: Partial<HostAndPort> & { readonly port: number },
  options: PreflightListenOptions,
): Promise<void> {
  const { quiet = false } = options
  const terminal = new Terminal({ quiet, isService: true })
  const objects = await loadObjects(options, terminal)
  const security = findSecurity(objects, {
    credentials: options.tlsCreds,
    authorization: options.tlsAuthz,
    handshakeLimit: HANDSHAKE_LIMIT,
  })
  const ending = new ServiceEnding()
  const { config } = readPriorityConfig({ ...options, isReadAgain: true })
  const listener = new PreflightListener({
    security,
    config,
    onDone: () => void (options.once && ending.begin()),
    onEvent: (event) => {
      if (!quiet || event.event === 'refused') logConnection(event, options, terminal)
    },
  })
  await runService({
    objects,
    ending,
    start: () => listener.listen(host, port),
    announce: ({ address, port: bound }) =>
      terminal.warn(`ready: ${printHostAndPort(address, bound)} answers preflights`),
    tellReload: (report) => logReload(report, options, terminal),
    drain: (limit) => listener.drain(limit),
    close: async () => security.release?.(),
  })
}
