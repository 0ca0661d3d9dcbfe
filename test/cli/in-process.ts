/**
 * Runs `cryptopolicy` or `update-policies` within the process of the test, from the sources: many runs cost no more than
 * one, and changed sources need no build. Commands take turns, since a process has one environment; services
 * go on beside them.
 */
import { expect, onTestFinished, vi } from 'vitest'
import { updatePolicies } from '../../src/cli/programs/policy-update.ts'
import { createProgram } from '../../src/cli/programs/program.ts'
import { runToExit } from '../../src/cli/run.ts'
import { CaughtOutput } from './caught-output.ts'
import { inheritedEnvironment, type Outcome, type RunOptions } from './command.ts'

export type InProcessOptions = Pick<RunOptions, 'env'> & {
  readonly program?: 'cryptopolicy' | 'update-policies' | 'update-crypto-policies'
  /** What takes nothing, as a file on a full disk: standard output, standard error. */
  readonly full?: readonly (1 | 2)[]
}

export function runInProcess(
  args: readonly string[],
  options: InProcessOptions = {},
): Promise<Outcome> {
  return runCaught(new CaughtOutput(options.full), args, options)
}

async function runCaught(
  output: CaughtOutput,
  args: readonly string[],
  { env: more = {}, program = 'cryptopolicy' }: InProcessOptions,
): Promise<Outcome> {
  const seen = {
    argv: [...OWN.argv.slice(0, 1), program, ...args],
    env: { ...inheritedEnvironment(), ...more },
  }
  const { exitCode } = process
  RUNNING.push(seen)
  Object.assign(process, seen)
  process.exitCode = undefined
  try {
    const calledAs = program === 'update-crypto-policies' ? program : undefined
    const run = () =>
      program === 'cryptopolicy' ? runCryptopolicy(args) : updatePolicies(calledAs)
    const status = await output.catching(run)
    return { status, stdout: output.text(1), stderr: output.text(2) }
  } finally {
    RUNNING.splice(RUNNING.indexOf(seen), 1)
    // A service may end before one that began later: the process of the tests is left as it was all the same.
    Object.assign(process, RUNNING.at(-1) ?? OWN)
    process.exitCode = exitCode
  }
}

type Seen = Pick<NodeJS.Process, 'argv' | 'env'>

/** What this process has while nothing runs. */
const OWN: Seen = { argv: process.argv, env: process.env }

/** What each run has, in the order in which they began. */
const RUNNING: Seen[] = []

function runCryptopolicy(args: readonly string[]): Promise<number> {
  return runToExit(async () => {
    const program = await createProgram(args)
    await program.parseAsync()
    return Number(process.exitCode ?? 0)
  })
}

/**
 * Does to a command what SIGTERM does to a process: as soon as it does not just end it, and something else has
 * happened.
 */
export async function runInterrupted(
  args: readonly string[],
  after: Promise<unknown> = Promise.resolve(),
): Promise<Outcome> {
  const earlier = new Set(listenersOf('SIGTERM'))
  const output = new CaughtOutput()
  const listens = Promise.withResolvers<void>()
  const tell = (name: string | symbol) => void (name === 'SIGTERM' && listens.resolve())
  process.on('newListener', tell)
  const ended = runCaught(output, args, {}).finally(() => process.off('newListener', tell))
  await Promise.race([ended, Promise.all([listens.promise, after])])
  output.during(() => {
    for (const listener of listenersOf('SIGTERM')) if (!earlier.has(listener)) listener('SIGTERM')
  })
  return ended
}

export type InProcessService = {
  /** What it has said so far. */
  readonly log: () => string
  /** Waits until it has said something; gives all it has said. @throws where it ends before. */
  readonly says: (what: string | RegExp) => Promise<string>
  /** Does to it what a signal does to a process. */
  readonly signal: (name: EndingOrReload) => void
  /** Ends it. */
  readonly stop: (name?: EndingOrReload) => Promise<Outcome>
  /** When it has ended. */
  readonly ended: Promise<Outcome>
}

type EndingOrReload = 'SIGTERM' | 'SIGINT' | 'SIGHUP'

/** How long a service may take to say something, in milliseconds. */
const PATIENCE = 120_000

/** Starts a service of `cryptopolicy` and waits until it is ready. */
export async function serveInProcess(
  args: readonly string[],
  options: Pick<InProcessOptions, 'env'> = {},
): Promise<InProcessService> {
  const earlier = new Set(listeners())
  const output = new CaughtOutput()
  let isOver = false
  const ended = runCaught(output, args, options).finally(() => {
    isOver = true
  })
  const log = () => output.text(2)
  const says = async (what: string | RegExp): Promise<string> => {
    const isSaid = () => (typeof what === 'string' ? log().includes(what) : what.test(log()))
    await vi.waitUntil(() => isOver || isSaid(), { timeout: PATIENCE, interval: 10 })
    expect(log()).toMatch(what)
    return log()
  }
  await says(/^ready: /m)
  const own = listeners().filter((listener) => !earlier.has(listener))
  const signal = (name: EndingOrReload) =>
    output.during(() => {
      for (const listener of listenersOf(name)) if (own.includes(listener)) listener(name)
    })
  const stop = (name: EndingOrReload = 'SIGTERM') => {
    signal(name)
    return ended
  }
  onTestFinished(async () => {
    // Told twice, it waits for no client.
    if (!isOver) signal('SIGTERM')
    await stop()
  })
  return { log, says, signal, stop, ended }
}

function listeners(): readonly SignalListener[] {
  return (['SIGTERM', 'SIGINT', 'SIGHUP'] as const).flatMap(listenersOf)
}

type SignalListener = (name: NodeJS.Signals) => void

function listenersOf(name: EndingOrReload): readonly SignalListener[] {
  return process.listeners(name) as SignalListener[]
}
