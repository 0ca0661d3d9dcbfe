/** The commands of `cryptopolicy`, a file each. What a command needs is loaded when it runs. */
import type { Command } from 'commander'
import type { CommandDefinition } from '../command.ts'
import { defineGroup } from '../command-group.ts'
import { addAudit } from '../commands/audit.ts'
import { addAuthz } from '../commands/authz.ts'
import { addBuild } from '../commands/build.ts'
import { CHARDEV } from '../commands/chardev.ts'
import { addConvert } from '../commands/convert.ts'
import { addDiff } from '../commands/diff.ts'
import { ENDPOINT } from '../commands/endpoint.ts'
import { addExplain } from '../commands/explain.ts'
import { addLint } from '../commands/lint.ts'
import { addList } from '../commands/list.ts'
import { MIGRATE_GROUP } from '../commands/migrate.ts'
import { NBD } from '../commands/nbd.ts'
import { PKI } from '../commands/pki.ts'
import { addPlan } from '../commands/plan.ts'
import { addQmp } from '../commands/qmp.ts'
import { addResolve } from '../commands/resolve.ts'
import { addShow } from '../commands/show.ts'
import { frameProgram } from '../program-frame.ts'

/** @param args Those of the command line, without the program. */
export async function createProgram(args: readonly string[]): Promise<Command> {
  const [nbd, migrate, chardev, endpoint, pki] = await Promise.all([
    defineGroup(NBD, args),
    defineGroup(MIGRATE_GROUP, args),
    defineGroup(CHARDEV, args),
    defineGroup(ENDPOINT, args),
    defineGroup(PKI, args),
  ])
  return frameProgram([
    under('Policies:', [addShow, addExplain, addDiff, addPlan, addLint, addBuild]),
    under('Priority strings of GnuTLS:', [addResolve, addList, addConvert]),
    under('Endpoints over TLS that obey the policy:', [nbd, migrate, chardev, endpoint, addQmp]),
    under('Certificates and keys:', [pki, addAuthz]),
    under('Servers on the network:', [addAudit]),
    under('Help:', []),
  ])
}

/** Commands that `--help` lists under one heading; what follows is under the last. */
function under(heading: string, commands: readonly CommandDefinition[]): CommandDefinition {
  return (program) => {
    program.commandsGroup(heading)
    for (const add of commands) add(program)
  }
}
