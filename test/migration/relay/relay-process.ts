/** `cryptopolicy migrate relay`, and a pair of them between two hosts: processes, or within that of the test. */
import { join } from 'node:path'
import { scratchFolder } from '../../cli/command.ts'
import { type InProcessService, serveInProcess } from '../../cli/in-process.ts'
import {
  launchService,
  type ServiceProcess,
  type ServiceProcessOptions,
  untilReady,
} from '../../cli/service-process.ts'
import { credentialsOf, makePskFolder, makeX509Folder } from '../../nbd/nbd-credentials.ts'

/** Starts it and waits until it is ready. */
export async function startRelay(
  args: readonly string[],
  options: ServiceProcessOptions = {},
): Promise<ServiceProcess> {
  const relay = launchRelay(args, options)
  await untilReady(relay)
  return relay
}

/** Starts it, ready or not. */
export function launchRelay(
  args: readonly string[],
  options: ServiceProcessOptions = {},
): ServiceProcess {
  return launchService(['migrate', 'relay', ...args], options)
}

export type RelayPair<Service = ServiceProcess> = {
  /** Where the source connects to. */
  readonly entry: string
  /** Where the destination listens. */
  readonly exit: string
  readonly source: Service
  readonly destination: Service
}

export type PairOptions = Pick<ServiceProcessOptions, 'wrapper'> & {
  readonly kind?: 'x509' | 'psk'
  /** The folders of credentials; by default those that fit. */
  readonly sourceDir?: string
  readonly destinationDir?: string
  readonly sourceArgs?: readonly string[]
  readonly destinationArgs?: readonly string[]
}

/** Two relays, as on the hosts of the source and of the destination. */
export function startPair({ wrapper, ...options }: PairOptions = {}): Promise<RelayPair> {
  const service = wrapper === undefined ? {} : { wrapper }
  return startBoth((args) => startRelay(args, service), options)
}

/** The same within the process of the test. */
export function startPairInProcess(
  options: Omit<PairOptions, 'wrapper'> = {},
): Promise<RelayPair<InProcessService>> {
  return startBoth((args) => serveInProcess(['migrate', 'relay', ...args]), options)
}

async function startBoth<Service extends { readonly log: () => string }>(
  start: (args: readonly string[]) => Promise<Service>,
  { kind = 'x509', ...options }: PairOptions,
): Promise<RelayPair<Service>> {
  const folder = scratchFolder()
  const [entry, exit] = [join(folder, 'entry'), join(folder, 'exit')]
  const made = kind === 'psk' ? makePskFolder() : makeX509Folder()
  const { sourceDir = made, destinationDir = made } = options
  const { sourceArgs = [], destinationArgs = [] } = options
  const destination = await start([
    ...['--listen', 'tcp:127.0.0.1:0', '--to', `unix:${exit}`],
    ...credentialsOf(kind, destinationDir, 'server'),
    ...destinationArgs,
  ])
  const port = /^ready: 127\.0\.0\.1:(\d+)$/m.exec(destination.log())?.[1]
  const source = await start([
    ...['--listen', `unix:${entry}`, '--to', `tcp:localhost:${port}`],
    ...credentialsOf(kind, sourceDir, 'client'),
    ...sourceArgs,
  ])
  return { entry, exit, source, destination }
}
