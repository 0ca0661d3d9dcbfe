/** Runs a client against a port that reads what it offers first, and says nothing. */

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { type ChildProcess, spawn } from '../../peers/child-process.ts'

/** Where the programs are that judge. */
export type Place = {
  /** Another system to run programs in, by chroot. */
  readonly root?: string
  /** A scratch folder as this process sees it; below `root` where there is one. */
  readonly folder: string
}

/** How long a program may take on a busy machine, in milliseconds. */
const TIME_LIMIT = 230_000

/** The first record of a client, or undefined where it gave up before it sent any. */
export async function catchHello(
  place: Place,
  commandFor: (port: number) => readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Buffer | undefined> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const caught = new Promise<Buffer>((resolve) => {
    server.once('connection', (socket) => {
      let bytes = Buffer.alloc(0)
      socket.on('error', () => {})
      socket.on('data', (chunk: Buffer) => {
        bytes = Buffer.concat([bytes, chunk])
        if (bytes.length < 5 || bytes.length < 5 + bytes.readUInt16BE(3)) return
        resolve(bytes)
        socket.destroy()
      })
    })
  })
  const child = start(place, commandFor((server.address() as AddressInfo).port), environment)
  try {
    return await Promise.race([caught, ended(child).then(() => undefined)])
  } finally {
    kill(child)
    await ended(child)
    server.close()
  }
}

/** The first datagram of a client of DTLS, or undefined where it gave up before it sent any. */
export async function catchDatagram(
  place: Place,
  commandFor: (port: number) => readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Buffer | undefined> {
  const server = createSocket('udp4').bind(0, '127.0.0.1')
  await once(server, 'listening')
  const caught = once(server, 'message').then(([message]): Buffer => message)
  const child = start(place, commandFor(server.address().port), environment)
  try {
    return await Promise.race([caught, ended(child).then(() => undefined)])
  } finally {
    kill(child)
    await ended(child)
    server.close()
  }
}

/** What a program prints; it has to succeed. */
export async function output(
  place: Place,
  command: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  const child = start(place, command, environment)
  let text = ''
  let complaints = ''
  child.stdout?.on('data', (chunk) => {
    text += chunk
  })
  child.stderr?.on('data', (chunk) => {
    complaints += chunk
  })
  const status = await ended(child)
  if (status !== 0) throw new Error(`${command.join(' ')} failed: ${complaints}`)
  return text
}

/** Leave out what makes long runs of Java fast. */
export const JAVA_FLAGS = ['-Xshare:auto', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'] as const

export const JAVA_COMMAND = ['java', ...JAVA_FLAGS] as const

/** A path of the scratch folder as programs see it. */
export function insidePath({ root, folder }: Place, name: string): string {
  return `${root ? folder.slice(root.length) : folder}/${name}`
}

function start(
  { root }: Place,
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
): ChildProcess {
  const [program = '', ...args] = root ? ['chroot', root, ...command] : command
  return spawn(program, args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  })
}

async function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  const timer = setTimeout(() => kill(child), TIME_LIMIT)
  try {
    const [status] = await once(child, 'close')
    return status
  } finally {
    clearTimeout(timer)
  }
}

/** The program and all that it started. */
function kill(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It has ended meanwhile.
  }
}
