/** Runs `cryptopolicy nbd` against a hostile server and judges how the run ends. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { inheritedEnvironment, ROOT } from '../cli/command.ts'
import { spawn } from '../peers/child-process.ts'
import type { Conduct } from './hostile-conduct.ts'

/** The command lines that speak to servers; URI stands for the server's. */
export const COMMAND_LINES: readonly (readonly string[])[] = [
  ['info', 'URI'],
  ['info', '--json', 'URI'],
  ['info', '--map', 'URI'],
  ['info', '--can', 'write', 'URI'],
  ['list', 'URI'],
  ['list', '--long', 'URI'],
  ['list', '--long', '--json', 'URI'],
  ['copy', 'URI', 'null:'],
  ['copy', '--json', 'URI', 'null:'],
  ['bench', '--seconds', '1', 'URI'],
]

export type HostileRun = {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
  /** The most that was resident, in MiB. */
  readonly memory: number
  readonly seconds: number
}

/** In seconds: how long a server may be silent. */
const SILENCE = 2

/** @param seconds How long the command may take until it is killed. */
export async function runAgainst(
  conduct: Conduct,
  words: readonly string[],
  seconds: number,
): Promise<HostileRun> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    conduct(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    return await runCommand(
      words,
      `nbd://127.0.0.1:${(server.address() as AddressInfo).port}/disk`,
      seconds,
    )
  } finally {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
}

async function runCommand(
  words: readonly string[],
  uri: string,
  seconds: number,
): Promise<HostileRun> {
  const args = words.map((word) => (word === 'URI' ? uri : word))
  const begin = performance.now()
  const child = spawn(
    join(ROOT, 'bin', 'cryptopolicy'),
    ['nbd', ...args, '--timeout', String(SILENCE)],
    {
      env: { ...inheritedEnvironment(), CRYPTOPOLICY_NODE: process.execPath },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: seconds * 1000,
    },
  )
  let memory = 0
  const look = setInterval(() => {
    memory = Math.max(memory, peakMemory(child.pid))
  }, 20)
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  clearInterval(look)
  return { status, stdout, stderr, memory, seconds: (performance.now() - begin) / 1000 }
}

/** In MiB; 0 where the process is gone. */
function peakMemory(pid: number | undefined): number {
  try {
    const [, kib] = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return Number(kib ?? 0) / 1024
  } catch {
    return 0
  }
}

/** What moves a cursor, names a window or turns the direction of writing round. */
const ACTIVE = /[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]/u

/** No answer, a request that the export is too small for, bad input, a peer that is not of use. */
const STATUSES: readonly (number | null)[] = [0, 1, 2, 64, 65, 66, 69]

/** In MiB. A run against an honest server takes about a third. */
const MEMORY_LIMIT = 400

/** What is wrong with how a run ended; empty where nothing is. */
export function findFaults(run: HostileRun, isJson: boolean): readonly string[] {
  const { status, stdout, stderr, memory } = run
  const output = stdout + stderr
  const isRefused = status !== 0 && status !== 2
  const hasCode = isJson
    ? /"code": "[A-Z0-9_]+"/.test(stdout)
    : /^error\[[A-Z0-9_]+\]/m.test(stderr)
  return [
    ...(STATUSES.includes(status) ? [] : [`it ended with ${status}`]),
    ...(isRefused && !hasCode ? ['it gave no code of an error'] : []),
    ...(ACTIVE.test(output) ? ['its output is not inert'] : []),
    ...(/^INJECTED/m.test(output) ? ['the server began a line of the output'] : []),
    ...(isJson && !isJsonText(stdout) ? ['its output is no JSON'] : []),
    ...(memory > MEMORY_LIMIT ? [`it took ${Math.round(memory)} MiB`] : []),
  ]
}

function isJsonText(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
