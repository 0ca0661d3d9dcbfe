/** What `cryptopolicy qmp` does with a monitor: one command, a script, or what the user types; and events. */
import { readNamedBytes, STANDARD_INPUT_PATH } from '../files/text-file.ts'
import { type CommandResult, CommandRunner } from '../monitor/client/command-runner.ts'
import { printPretty } from '../monitor/client/pretty-json.ts'
import type { QmpClient } from '../monitor/client/qmp-client.ts'
import type { QmpEvent } from '../monitor/client/qmp-event.ts'
import { toPlainJson } from '../monitor/protocol/plain-json.ts'
import { printJsonValue } from '../monitor/protocol/print-json.ts'
import { endedBySignals } from './ended-by-signals.ts'
import type { Terminal } from './terminal.ts'

export type TalkOptions = {
  readonly file?: string
  readonly hmp?: boolean
  readonly events?: boolean
  readonly json?: true
}

export class MonitorTalk {
  readonly #terminal: Terminal
  readonly #options: TalkOptions
  readonly #results: CommandResult[] = []
  readonly #events: QmpEvent[] = []

  constructor(terminal: Terminal, options: TalkOptions) {
    this.#terminal = terminal
    this.#options = options
  }

  /** A line for each event, where they are asked for. */
  readonly tellEvent = (event: QmpEvent): void => {
    const { events, json } = this.#options
    if (!events) return
    if (json) this.#events.push(event)
    else this.#terminal.print(printEvent(event))
  }

  /** @throws DiagnosticError QMP_... */
  async run(client: QmpClient, words: readonly string[]): Promise<void> {
    const { file, hmp = false, events = false, json = false } = this.#options
    const runner = new CommandRunner(client, hmp)
    if (words.length > 0) this.#tell(await runner.run(words))
    else if (file !== undefined) await this.#runLines(runner, readScript(file))
    else if (!events) await this.#runInput(runner, client)
    if (events) await untilEnd(client)
    if (json) this.#terminal.setResult(this.#toJson())
  }

  /** The first command that is refused ends a script. */
  async #runLines(runner: CommandRunner, text: string): Promise<void> {
    for (const line of text.split('\n')) {
      const result = await runner.runLine(line)
      if (result) this.#tell(result)
    }
  }

  /** A terminal is asked; what is no terminal is a script. */
  async #runInput(runner: CommandRunner, client: QmpClient): Promise<void> {
    if (!process.stdin.isTTY) {
      await this.#runLines(runner, readScript(STANDARD_INPUT_PATH))
      return
    }
    const { converse } = await import('./monitor-prompt.ts')
    await converse(runner, client, {
      tell: (result) => this.#tell(result),
      refuse: (error) => error.diagnostics.forEach(this.#terminal.report),
    })
  }

  #tell(result: CommandResult): void {
    const { json, hmp } = this.#options
    if (json) this.#results.push(result)
    else if (hmp && typeof result.result === 'string') {
      this.#terminal.printText(result.result.replaceAll('\r\n', '\n'))
    } else this.#terminal.printText(`${printPretty(result.result)}\n`)
  }

  #toJson() {
    return {
      results: this.#results.map(({ command, result }) => ({
        command,
        return: toPlainJson(result),
      })),
      events: this.#events.map(({ event, data, at }) => ({
        event,
        data: toPlainJson(data),
        time: new Date(Number(at / 1000n)).toISOString(),
      })),
    }
  }
}

/** The largest script, in bytes. */
const SCRIPT_LIMIT = 16 * 1024 * 1024

function readScript(path: string): string {
  return readNamedBytes(path, SCRIPT_LIMIT).toString('utf8')
}

function printEvent({ event, data, at }: QmpEvent): string {
  const time = new Date(Number(at / 1000n)).toISOString()
  return `${time} ${event} ${printJsonValue(data)}`
}

/** Waits until the monitor or a signal ends it. */
async function untilEnd(client: QmpClient): Promise<void> {
  await endedBySignals(async (signal) => {
    const interrupted = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
    await Promise.race([client.closed, interrupted])
  })
}
