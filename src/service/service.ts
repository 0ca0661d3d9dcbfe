/** The life of a process that serves: from the first socket to the signal that ends it. */
import type { ReloadReport } from '../tls/objects/reload-report.ts'
import type { TlsObjects } from '../tls/objects/tls-objects.ts'
import { tellReady } from './background.ts'
import { ServiceEnding } from './ending.ts'
import { removePidFile, writePidFile } from './pid-file.ts'
import { ReloadWatch } from './reload-watch.ts'
import { notifyServiceManager } from './service-manager.ts'

/** How long what is under way may take at the end, in seconds, where the service does not say. */
const DRAIN_LIMIT = 30

export type Service<Place> = {
  readonly objects: TlsObjects
  /** Ends the service for other reasons than a signal. */
  readonly ending?: ServiceEnding
  readonly pidFile?: string | undefined
  /** How long what is under way may take at the end, in seconds. */
  readonly drainLimit?: number
  /** Listens; gives what is told of the place. */
  readonly start: () => Promise<Place>
  /** Tells that it is ready. */
  readonly announce: (place: Place) => void
  readonly tellReload: (report: ReloadReport) => void
  /** Reads the configuration of the service again, on SIGHUP; never throws. */
  readonly configure?: () => Promise<void>
  /** Ends in order within so many milliseconds. */
  readonly drain: (limit: number) => Promise<void>
  /** Closes what the endpoint served. */
  readonly close?: () => Promise<void>
}

/** Serves until the service is told to end. */
export async function runService<Place>(service: Service<Place>): Promise<void> {
  process.on(FILE_SIZE_SIGNAL, goOn)
  const wakefulness = setInterval(goOn, LONGEST_INTERVAL)
  try {
    await serve(service)
  } finally {
    clearInterval(wakefulness)
    process.off(FILE_SIZE_SIGNAL, goOn)
  }
}

async function serve<Place>(service: Service<Place>): Promise<void> {
  const { objects, ending = new ServiceEnding(), pidFile, drainLimit = DRAIN_LIMIT } = service
  let watch: ReloadWatch | undefined
  try {
    const place = await service.start()
    if (pidFile !== undefined) writePidFile(pidFile)
    watch = new ReloadWatch(objects, service.tellReload, service.configure)
    ending.onSignals()
    service.announce(place)
    notifyServiceManager('READY=1')
    tellReady()
    await ending.begun
    watch.end()
    notifyServiceManager('STOPPING=1')
    await Promise.race([service.drain(drainLimit * 1000), ending.hurried])
  } finally {
    ending.close()
    watch?.close()
    await endAll(service)
  }
}

/** Each step is done, whatever became of the one before. */
async function endAll<Place>({ drain, close, pidFile }: Service<Place>): Promise<void> {
  try {
    await drain(0)
  } finally {
    try {
      await close?.()
    } finally {
      if (pidFile !== undefined) removePidFile(pidFile)
    }
  }
}

/**
 * Sent where a file reaches a limit of its size, setrlimit(2). By default it ends the process; a
 * log or an image that cannot grow must not do that. The write itself fails with EFBIG.
 */
const FILE_SIZE_SIGNAL = 'SIGXFSZ'

/** A service may have nothing open that Node.js waits for, such as a host whose guests write to files alone. */
const LONGEST_INTERVAL = 2 ** 31 - 1

function goOn(): void {}
