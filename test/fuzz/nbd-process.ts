/** `cryptopolicy nbd serve` and its like as processes that can be killed at any moment. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AUTHORITY, ENDPOINT, make } from '../x509/made-certificate.ts'

const PROGRAM = join(import.meta.dirname, '..', '..', 'dist', 'cryptopolicy.cjs')

export type ServingProcess = {
  readonly child: ChildProcess
  readonly gone: Promise<unknown>
  /** What it has said. */
  readonly log: () => string
  /** Ends it and waits until it is gone. */
  readonly end: (signal: NodeJS.Signals) => Promise<void>
}

/** Starts the NBD server and waits until it is ready. */
export function startServing(
  args: readonly string[],
  wrapper: readonly string[] = [],
): Promise<ServingProcess> {
  return startProcess(['nbd', 'serve', ...args], wrapper)
}

/** Starts a command that serves, and waits until it is ready. @param launched What runs the command. */
export async function startProcess(
  args: readonly string[],
  wrapper: readonly string[] = [],
  launched: readonly string[] = [process.execPath, PROGRAM],
): Promise<ServingProcess> {
  const [program = '', ...rest] = [...wrapper, ...launched, ...args]
  const child = spawn(program, rest, { stdio: ['ignore', 'ignore', 'pipe'] })
  const gone = once(child, 'exit')
  // Whatever fails here, no server is left behind.
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  child.once('exit', () => process.off('exit', kill))
  let said = ''
  child.stderr?.on('data', (data) => {
    said += data
  })
  while (!said.includes('ready: ')) {
    await Promise.race([once(child.stderr!, 'data'), gone])
    if (child.exitCode !== null) throw new Error(`the server ended: ${said}`)
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal)
    await gone
  }
  return { child, gone, end, log: () => said }
}

/** A folder of credentials for both sides; gives the options of the server. */
export function makeCredentials(folder: string): readonly string[] {
  const authority = make({ subject: 'Soak CA', ...AUTHORITY })
  for (const role of ['server', 'client'] as const) {
    const names = [[0x82, Buffer.from('localhost')]] as const
    const made = make({ subject: 'localhost', issuer: authority, names, ...ENDPOINT })
    writeFileSync(join(folder, `${role}-cert.pem`), made.certificate)
    writeFileSync(join(folder, `${role}-key.pem`), made.key, { mode: 0o600 })
  }
  writeFileSync(join(folder, 'ca-cert.pem'), authority.certificate)
  const object = `tls-creds-x509,id=tls0,endpoint=server,dir=${folder},verify-peer=on`
  return ['--object', object, '--tls-creds', 'tls0']
}
