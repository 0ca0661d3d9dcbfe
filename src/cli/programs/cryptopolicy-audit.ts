/**
 * `cryptopolicy audit` alone: most of a scan's time on the processor went into loading the files of a program
 * that has all commands. The launchers choose it.
 */
import { addAudit } from '../commands/audit.ts'
import { frameProgram } from '../program-frame.ts'
import { runToExit } from '../run.ts'

void runToExit(async () => {
  await frameProgram([addAudit]).parseAsync()
  return Number(process.exitCode ?? 0)
}).then((status) => {
  process.exitCode = status
})
