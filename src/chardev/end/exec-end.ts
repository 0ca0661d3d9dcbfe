/** A command of the shell, started anew for each session. */
import { setTimeout as delay } from 'node:timers/promises'
import { diagnose, fail } from '../../diagnostics/diagnostic.ts'
import { printShellCommand, runShellCommand, type ShellCommand } from '../../net/shell-command.ts'
import type { ChardevContext } from '../chardev-context.ts'
import { CHARDEV_KINDS } from '../chardev-diagnostics.ts'
import type { ChardevDefinition } from '../definition/chardev-definition.ts'
import { chardevFilename } from '../definition/filename.ts'
import type { ChardevEnd, EndSession } from './chardev-end.ts'

type ExecDefinition = Extract<ChardevDefinition, { backend: 'exec' }>

/** How long a command may go on when nothing more comes, in milliseconds. */
const LINGER = 5_000

export class ExecEnd implements ChardevEnd {
  readonly definition: ExecDefinition
  readonly isLasting = false
  readonly #context: ChardevContext
  readonly #running = new Set<ShellCommand>()

  constructor(definition: ExecDefinition, context: ChardevContext) {
    this.definition = definition
    this.#context = context
  }

  async start(): Promise<undefined> {}

  /** @throws DiagnosticError CHARDEV_CANNOT_OPEN */
  async open(): Promise<EndSession> {
    const command = this.#start()
    this.#running.add(command)
    const { stream } = command
    const place = printShellCommand(this.definition.command)
    const finish = (error?: unknown) => this.#finish(command, error !== undefined)
    return { stream, place, isStanding: false, canEnd: true, finish }
  }

  filename(): string {
    return chardevFilename(this.definition, {})
  }

  async close(): Promise<void> {
    for (const { kill } of this.#running) kill()
    await Promise.allSettled([...this.#running].map(({ ended }) => ended))
  }

  #start(): ShellCommand {
    try {
      return runShellCommand(this.definition.command)
    } catch (error) {
      return fail(CHARDEV_KINDS.cannotOpen, { path: '/bin/sh', error })
    }
  }

  async #finish(command: ShellCommand, isCut: boolean): Promise<void> {
    const { stream, ended, kill } = command
    if (isCut) kill()
    else stream.end()
    stream.resume()
    const patience = new AbortController()
    const late = delay(LINGER, undefined, patience).catch(() => {})
    await Promise.race([ended.catch(() => {}), late.then(kill)])
    const status = await ended.catch((error) => String(error))
    patience.abort()
    this.#running.delete(command)
    stream.destroy()
    if (status === undefined || isCut) return
    const diagnostics = [diagnose(CHARDEV_KINDS.programFailed, { status })]
    this.#context.tell({ event: 'noticed', chardev: this.definition.id, diagnostics })
  }
}
