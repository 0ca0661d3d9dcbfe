/** `cryptopolicy migrate relay` as a process of its own, and a pair of them between two hosts. */
import { once } from 'node:events'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { ROOT, scratchFolder } from '../../cli/command.ts'
import { makePskFolder, makeX509Folder } from '../../nbd/nbd-credentials.ts'
import { spawn } from '../../peers/child-process.ts'

export type RelayProcess = {
  readonly pid: number
  /** What it has said so far. */
  readonly log: () => string
  /** Waits until it has said something, or has ended. */
  readonly says: (what: RegExp) => Promise<string>
  /** Ends it and gives its status. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<number | null>
  /** Its status when it has ended by itself. */
  readonly ended: Promise<number | null>
}

/** Starts it and waits until it is ready. */
export async function startRelay(args: readonly string[]): Promise<RelayProcess> {
  const relay = launchRelay(args)
  const log = await relay.says(/^ready: /m)
  if (!/^ready: /m.test(log)) throw new Error(`the relay ended: ${log}`)
  return relay
}

/** Starts it, ready or not. */
export function launchRelay(args: readonly string[]): RelayProcess {
  const program = join(ROOT, 'bin', 'cryptopolicy')
  const child = spawn(program, ['migrate', 'relay', ...args], {
    stdio: ['ignore', 'inherit', 'pipe'],
  })
  const ended = once(child, 'close').then(([status]) => status as number | null)
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  let log = ''
  child.stderr?.on('data', (data) => {
    log += data
  })
  const says = async (what: RegExp): Promise<string> => {
    while (!what.test(log) && child.exitCode === null && child.signalCode === null) {
      await Promise.race([once(child.stderr!, 'data'), ended])
    }
    return log
  }
  const stop = (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal)
    return ended
  }
  return { pid: child.pid ?? 0, log: () => log, says, stop, ended }
}

/** The options of credentials. */
export function credentialsOf(kind: 'x509' | 'psk', dir: string, endpoint: string): string[] {
  return [
    '--object',
    `tls-creds-${kind},id=tls0,dir=${dir},endpoint=${endpoint}`,
    '--tls-creds',
    'tls0',
  ]
}

export type RelayPair = {
  /** Where the source connects to. */
  readonly entry: string
  /** Where the destination listens. */
  readonly exit: string
  readonly source: RelayProcess
  readonly destination: RelayProcess
}

export type PairOptions = {
  readonly kind?: 'x509' | 'psk'
  /** The folders of credentials; by default those that fit. */
  readonly sourceDir?: string
  readonly destinationDir?: string
  readonly sourceArgs?: readonly string[]
  readonly destinationArgs?: readonly string[]
}

/** Two relays, as on the hosts of the source and of the destination. */
export async function startPair({
  kind = 'x509',
  ...options
}: PairOptions = {}): Promise<RelayPair> {
  const folder = scratchFolder()
  const [entry, exit] = [join(folder, 'entry'), join(folder, 'exit')]
  const made = kind === 'psk' ? makePskFolder() : makeX509Folder()
  const { sourceDir = made, destinationDir = made } = options
  const { sourceArgs = [], destinationArgs = [] } = options
  const destination = await startRelay([
    ...['--listen', 'tcp:127.0.0.1:0', '--to', `unix:${exit}`],
    ...credentialsOf(kind, destinationDir, 'server'),
    ...destinationArgs,
  ])
  const port = /^ready: 127\.0\.0\.1:(\d+)$/m.exec(destination.log())?.[1]
  const source = await startRelay([
    ...['--listen', `unix:${entry}`, '--to', `tcp:localhost:${port}`],
    ...credentialsOf(kind, sourceDir, 'client'),
    ...sourceArgs,
  ])
  return { entry, exit, source, destination }
}
