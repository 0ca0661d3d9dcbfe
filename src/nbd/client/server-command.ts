/**
 * A server that is started for one client: a command in brackets, as nbdinfo and nbdcopy have it. It
 * gets a socket that listens already, sd_listen_fds(3), and is ended with what asked for it.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { linkSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { DiagnosticError, diagnose, fail } from '../../diagnostics/diagnostic.ts'
import { bindGroup } from '../../files/bound-groups.ts'
import { endGroup } from '../../files/process-group.ts'
import { NBD_CLIENT_KINDS } from './nbd-client-diagnostics.ts'
import type { NbdUri } from './nbd-uri.ts'

/** The words of a command line: each is one target, or the words that stood between brackets. */
export type TargetWords = string | readonly string[]

/**
 * Joins what stands between `[` and `]`.
 *
 * @throws DiagnosticError NBD_COMMAND_INVALID.
 */
export function groupCommands(words: readonly string[]): readonly TargetWords[] {
  const groups: TargetWords[] = []
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ''
    if (word !== '[') groups.push(word)
    else {
      const end = words.indexOf(']', at)
      if (end < 0) fail(NBD_CLIENT_KINDS.badCommand, { what: 'a [ has no ] behind it' })
      if (end === at + 1) fail(NBD_CLIENT_KINDS.badCommand, { what: 'no command is in [ ]' })
      groups.push(words.slice(at + 1, end))
      at = end
    }
  }
  return groups
}

/** How messages call a command. */
export function printCommand(words: readonly string[]): string {
  return `[ ${words.join(' ')} ]`
}

/** What stands for the URI of a server that is started. */
export function uriOfCommand(words: readonly string[], path: string): NbdUri {
  const address = { kind: 'unix', path } as const
  return { text: printCommand(words), address, exportName: '', tls: { isRequired: false } }
}

/** In milliseconds: how long a server may take to end. */
const PATIENCE = 10_000

/** How long its end may follow that of the connection, in milliseconds. */
const END_LIMIT = 1_000

export class ServerCommand {
  /** Where it serves. */
  readonly uri: NbdUri
  readonly #name: string
  readonly #folder: string
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>
  readonly #letGo: () => void

  private constructor(words: readonly string[], folder: string, child: ChildProcess) {
    this.#name = printCommand(words)
    this.#folder = folder
    this.#child = child
    this.#ended = once(child, 'exit').catch(() => {})
    this.uri = uriOfCommand(words, join(folder, SOCKET))
    this.#letGo = bindGroup(child.pid, () => this.#removeFolder())
  }

  /** Starts it. Nothing says that it serves: the first connection finds out. */
  static async start(words: readonly string[]): Promise<ServerCommand> {
    const folder = mkdtempSync(join(tmpdir(), 'cryptopolicy-nbd-'))
    const server = await listenIn(folder)
    try {
      // The socket stays where the link is when this process lets go of it.
      linkSync(join(folder, FIRST_NAME), join(folder, SOCKET))
      return new ServerCommand(words, folder, spawnWith(words, server))
    } finally {
      server.close()
    }
  }

  /** The reason why a connection to it failed: it may have ended. */
  async explain(error: unknown): Promise<unknown> {
    // The end of the connection may be seen before the end of the command that brought it about.
    await Promise.race([this.#ended, delay(END_LIMIT, undefined, { ref: false })])
    const { exitCode, signalCode } = this.#child
    if (exitCode === null && signalCode === null) return error
    const how = signalCode === null ? `with status ${exitCode}` : `by ${signalCode}`
    return new DiagnosticError([
      diagnose(NBD_CLIENT_KINDS.commandEnded, { command: this.#name, how }),
    ])
  }

  /** Ends it and what it started, unless that has left its group, and waits for that. */
  async close(): Promise<void> {
    await endGroup(this.#child.pid, PATIENCE)
    await this.#ended
    this.#letGo()
    this.#removeFolder()
  }

  #removeFolder(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

const FIRST_NAME = 'first'
const SOCKET = 'socket'

async function listenIn(folder: string): Promise<Server> {
  const server = createServer()
  server.listen({ path: join(folder, FIRST_NAME) })
  await once(server, 'listening')
  return server
}

/** The shell knows the number of the process that the command becomes. */
const BECOME = 'LISTEN_PID=$$ exec "$@"'

/** Standard input and output are those of this program alone. */
function spawnWith(words: readonly string[], server: Server): ChildProcess {
  const { fd } = (server as Server & { readonly _handle: { readonly fd: number } })._handle
  return spawn('/bin/sh', ['-c', BECOME, 'sh', ...words], {
    env: { ...process.env, LISTEN_FDS: '1', LISTEN_FDNAMES: 'unknown' },
    stdio: ['ignore', 2, 'inherit', fd],
    // A group of its own, so that all can be ended that it starts.
    detached: true,
  })
}
