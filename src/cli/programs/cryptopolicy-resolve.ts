/**
 * `cryptopolicy resolve` alone: services run it when they start, so it is a program of its own
 * that loads nothing of the other commands. The launchers choose it.
 */
import { addResolve } from '../commands/resolve.ts'
import { frameProgram } from '../program-frame.ts'
import { runToExit } from '../run.ts'

void runToExit(async () => {
  await frameProgram([addResolve]).parseAsync()
  return Number(process.exitCode ?? 0)
}).then((status) => {
  process.exitCode = status
})
