import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import {
  type Job,
  type ProgramOutcome,
  runProgram,
  runTogether,
  type Unanswered,
} from '../../src/system/consumers/program-run.ts'
import { scratchFolder } from '../cli/command.ts'

/** Runs scripts of a shell together, each as a program of its own. */
function runScripts(
  scripts: readonly string[],
  seconds: number,
): readonly (ProgramOutcome | Unanswered)[] {
  const folder = scratchFolder()
  const answers: (ProgramOutcome | Unanswered)[] = []
  const jobs = scripts.map((script, at): Job => {
    const path = join(folder, `program-${at}`)
    writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    const resolve = (answer: ProgramOutcome | Unanswered) => {
      answers[at] ??= answer
    }
    return { path, args: [folder], environment: {}, resolve }
  })
  runTogether(jobs, seconds)
  return answers
}

const PATIENCE = 60

test('gives the status and all output of programs that run at one time', () => {
  const answers = runScripts(['echo out; echo err >&2; exit 3', 'exit 255', 'exit 0'], PATIENCE)
  expect(answers).toEqual([
    { status: 3, output: 'out\nerr\n' },
    { status: 255, output: '' },
    { status: 0, output: '' },
  ])
})

test('passes arguments and settings as they are, whatever is in them', async () => {
  const odd = `'; exit 1; $HOME "\n\\ \`id\` é`
  const answer = await runProgram('/usr/bin/env', ['sh', '-c', 'printf %s "$1$ODD"', 'x', odd], {
    ODD: odd,
  })
  expect(answer).toEqual({ status: 0, output: odd + odd })
})

test('has one that hangs, ignores signals and starts others end in time, and takes the answers of the rest', () => {
  const marker = join(scratchFolder(), 'survivor')
  const stubborn = `trap '' TERM INT HUP; (trap '' TERM HUP; sleep 3; touch ${marker}) & while :; do sleep 1; done`
  const [hung, fine] = runScripts([stubborn, 'echo fine'], 1)
  expect(hung).toEqual({ failure: 'did not end in 1 s' })
  expect(fine).toEqual({ status: 0, output: 'fine\n' })
  // What the program started had 2 s left, and its group is gone.
  runScripts(['sleep 3'], PATIENCE)
  expect(existsSync(marker)).toBe(false)
})

test('ends what a program leaves behind', () => {
  const marker = join(scratchFolder(), 'survivor')
  expect(runScripts([`(sleep 1; touch ${marker}) & exit 0`], PATIENCE)).toEqual([
    { status: 0, output: '' },
  ])
  runScripts(['sleep 2'], PATIENCE)
  expect(existsSync(marker)).toBe(false)
})

test('does not take all that one prints without end', () => {
  expect(runScripts(['exec yes'], PATIENCE)).toEqual([{ failure: 'prints without end' }])
  // Also where it goes on after it was told.
  expect(runScripts(["trap '' XFSZ; head -c 1000000000 /dev/zero; exit 0"], PATIENCE)).toEqual([
    { failure: 'prints without end' },
  ])
})

test('tells a crash from an end that came from outside', () => {
  const [crash, killed, outOfTime] = runScripts(
    ['kill -s SEGV $$', 'kill -s KILL $$', 'kill -s XCPU $$'],
    PATIENCE,
  )
  expect(crash).toEqual({ status: null, output: 'it was killed by SIGSEGV' })
  expect(killed).toEqual({ failure: 'was killed by SIGKILL' })
  expect(outOfTime).toEqual({ failure: 'was killed by SIGXCPU' })
})

test('says why a program cannot be run', async () => {
  const path = join(scratchFolder(), 'program')
  writeFileSync(path, '#!/bin/sh\n')
  expect(await runProgram(path, [])).toEqual({ failure: 'cannot be run: Permission denied' })
  expect(await runProgram(`${path}-2`, [])).toEqual({ failure: 'cannot be run: not found' })
  writeFileSync(`${path}-3`, '#!/no/such/shell\n', { mode: 0o755 })
  expect(await runProgram(`${path}-3`, [])).toHaveProperty('failure')
})

test('leaves no scratch folder behind', async () => {
  const folder = scratchFolder()
  vi.stubEnv('TMPDIR', folder)
  onTestFinished(() => void vi.unstubAllEnvs())
  // It is there while the program runs.
  const outcomes = await Promise.all(
    Array.from({ length: 40 }, () => runProgram('/bin/ls', [folder])),
  )
  for (const outcome of outcomes) {
    expect(outcome).toMatchObject({ output: expect.stringContaining('cryptopolicy-run-') })
  }
  expect(readdirSync(folder)).toEqual([])
})
