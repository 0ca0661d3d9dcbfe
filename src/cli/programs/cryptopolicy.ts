/** `cryptopolicy`: everything but putting a policy in force. */

import { runToExit } from '../run.ts'
import { createProgram } from './program.ts'

void runToExit(async () => {
  const program = await createProgram(process.argv.slice(2))
  await program.parseAsync()
  return Number(process.exitCode ?? 0)
}).then((status) => {
  process.exitCode = status
})
