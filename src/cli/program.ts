/** The commands of `cryptopolicy`, a file each. What a command needs is loaded when it runs. */
import type { Command } from 'commander'
import type { CommandDefinition } from './command.ts'
import { addAuthz } from './commands/authz.ts'
import { addBuild } from './commands/build.ts'
import { addConvert } from './commands/convert.ts'
import { addDiff } from './commands/diff.ts'
import { addExplain } from './commands/explain.ts'
import { addLint } from './commands/lint.ts'
import { addList } from './commands/list.ts'
import { addNbd } from './commands/nbd.ts'
import { addPki } from './commands/pki.ts'
import { addPlan } from './commands/plan.ts'
import { addResolve } from './commands/resolve.ts'
import { addShow } from './commands/show.ts'
import { frameProgram } from './program-frame.ts'

const COMMANDS: readonly CommandDefinition[] = [
  addBuild,
  addShow,
  addPlan,
  addDiff,
  addExplain,
  addLint,
  addResolve,
  addList,
  addConvert,
  addNbd,
  addAuthz,
  addPki,
]

export function createProgram(): Command {
  return frameProgram(COMMANDS)
}
