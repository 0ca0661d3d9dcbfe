/** `endpoint run`, a process of its own or within that of the test, and an endpoint file with an export and a monitor. */
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeX509Folder } from '../nbd/nbd-credentials.ts'
import { type InProcessService, serveInProcess } from './in-process.ts'
import { launchService, type ServiceProcess, untilReady } from './service-process.ts'

/** DIR stands for the folder of the file and of its certificates. */
export const ENDPOINT_FILE = `objects:
  - {qom-type: tls-creds-x509, id: tls0, dir: DIR, endpoint: server, priority: NORMAL}
nbd: {listen: "unix:DIR/nbd.sock", tls-creds: tls0}
exports:
  - {id: disk0, memory: 16M, writable: true}
monitors:
  - {id: mon0, listen: "unix:DIR/mon0.sock"}
`

/** Writes a file, or replaces it as editors do. @returns its path. */
export function writeEndpointFile(folder: string, text: string): string {
  const path = join(folder, 'host.yaml')
  writeFileSync(`${path}.new`, text.replaceAll('DIR', folder))
  renameSync(`${path}.new`, path)
  return path
}

export type Serving<Service = ServiceProcess> = {
  /** With the file, and with certificates of a server and of a client. */
  readonly folder: string
  readonly path: string
  readonly service: Service
  /** What it said until it was ready. */
  readonly log: string
}

/** Serves a file in a new folder. */
export async function serveEndpointFile(text: string): Promise<Serving> {
  const folder = makeX509Folder()
  const path = writeEndpointFile(folder, text)
  const service = launchService(['endpoint', 'run', path])
  return { folder, path, service, log: await untilReady(service) }
}

/** The same within the process of the test. */
export async function serveEndpointFileInProcess(
  text: string,
  args: readonly string[] = [],
): Promise<Serving<InProcessService>> {
  const folder = makeX509Folder()
  const path = writeEndpointFile(folder, text)
  const service = await serveInProcess(['endpoint', 'run', path, ...args])
  return { folder, path, service, log: service.log() }
}

/** The URI of an export at a Unix socket, with the client's certificate of a folder. */
export function exportUri(folder: string, name = 'disk0', socket = 'nbd.sock'): string {
  return `nbds+unix://localhost/${name}?socket=${folder}/${socket}&tls-certificates=${folder}&tls-hostname=localhost`
}
