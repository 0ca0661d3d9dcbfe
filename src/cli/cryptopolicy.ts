/** `cryptopolicy`: everything but putting a policy in force. */
import { createProgram } from './program.ts'
import { runToExit } from './run.ts'

process.exitCode = await runToExit(async () => {
  await createProgram().parseAsync()
  return Number(process.exitCode ?? 0)
})
