/** A conversation with a monitor on a terminal: history, and completion of what the monitor knows. */
import { createInterface } from 'node:readline/promises'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import type { CommandResult, CommandRunner } from '../monitor/client/command-runner.ts'
import { completeLine } from '../monitor/client/completion.ts'
import type { QmpClient } from '../monitor/client/qmp-client.ts'

type Conversation = {
  readonly tell: (result: CommandResult) => void
  readonly refuse: (error: DiagnosticError) => void
}

/** Until the user or the monitor ends it. */
export async function converse(
  runner: CommandRunner,
  client: QmpClient,
  { tell, refuse }: Conversation,
): Promise<void> {
  const schema = await runner.schema()
  const prompt = createInterface({
    input: process.stdin,
    output: process.stdout,
    prompt: '(qmp) ',
    completer: (line: string) => completeLine(line, schema),
  })
  void client.closed.then(() => prompt.close())
  prompt.prompt()
  for await (const line of prompt) {
    try {
      const result = await runner.runLine(line)
      if (result) tell(result)
    } catch (error) {
      if (!(error instanceof DiagnosticError)) throw error
      refuse(error)
    }
    prompt.prompt()
  }
}
