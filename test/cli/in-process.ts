/**
 * Runs `cryptopolicy` or `update-policies` within the process of the test, from the sources: many runs cost no more than
 * one, and changed sources need no build. What a run writes to standard output and standard error is
 * caught where it goes to the system. Runs take turns, since a process has one of each.
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { updatePolicies } from '../../src/cli/programs/policy-update.ts'
import { createProgram } from '../../src/cli/programs/program.ts'
import { runToExit } from '../../src/cli/run.ts'
import { inheritedEnvironment, type Outcome, type RunOptions } from './command.ts'

type InProcessOptions = Pick<RunOptions, 'env'> & {
  readonly program?: 'cryptopolicy' | 'update-policies'
}

export async function runInProcess(
  args: readonly string[],
  { env: more = {}, program = 'cryptopolicy' }: InProcessOptions = {},
): Promise<Outcome> {
  const { argv, env, exitCode } = process
  const written = catchOutput()
  process.argv = [...argv.slice(0, 1), program, ...args]
  process.env = { ...inheritedEnvironment(), ...more }
  process.exitCode = undefined
  try {
    const status = await (program === 'cryptopolicy' ? runCryptopolicy(args) : updatePolicies())
    return { status, stdout: written.text(1), stderr: written.text(2) }
  } finally {
    written.end()
    process.argv = argv
    process.env = env
    process.exitCode = exitCode
  }
}

function runCryptopolicy(args: readonly string[]): Promise<number> {
  return runToExit(async () => {
    const program = await createProgram(args)
    await program.parseAsync()
    return Number(process.exitCode ?? 0)
  })
}

type Caught = {
  readonly text: (descriptor: number) => string
  readonly end: () => void
}

/** Stands between the program and the system: descriptors 1 and 2 are kept, all others written. */
function catchOutput(): Caught {
  const { writeSync } = fs
  const parts = new Map<number, Buffer[]>([
    [1, []],
    [2, []],
  ])
  const instead = (descriptor: number, data: string | Uint8Array, offset = 0): number => {
    const bytes = Buffer.from(data as Uint8Array).subarray(offset)
    parts.get(descriptor)?.push(bytes)
    return bytes.length
  }
  replaceWriteSync(((descriptor: number, ...rest: [string | Uint8Array, number?]) =>
    parts.has(descriptor)
      ? instead(descriptor, ...rest)
      : writeSync(descriptor, ...(rest as [Uint8Array]))) as typeof writeSync)
  return {
    text: (descriptor) => Buffer.concat(parts.get(descriptor) ?? []).toString('utf8'),
    end: () => replaceWriteSync(writeSync),
  }
}

function replaceWriteSync(writeSync: typeof fs.writeSync): void {
  fs.writeSync = writeSync
  syncBuiltinESMExports()
}
