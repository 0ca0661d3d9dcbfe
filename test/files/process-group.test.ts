/** Groups of processes: all of one ends, what does not obey too, and what has ended is not waited for. */
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { endGroup, endGroupsAtOnce, signalGroup } from '../../src/files/process-group.ts'
import { isRunning } from '../chardev/user-at-terminal.ts'
import { eventually } from '../nbd/server/test-server.ts'
import { spawn } from '../peers/child-process.ts'

/** So long that a test which waits for it fails. */
const LONG = 3_600_000

const STUBBORN = '(trap "" TERM; echo $$; while :; do sleep 600; done)'

/** A shell that runs a script which tells the numbers of processes, in so many lines. */
async function start(script: string, count = 1) {
  const child = spawn('/bin/sh', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const closed = once(child, 'close')
  let said = ''
  child.stdout.on('data', (text) => (said += text))
  await eventually(() => said.split('\n').length > count)
  return { leader: child.pid, pids: said.trim().split('\n').map(Number), closed, child }
}

test('a group that obeys is ended by SIGTERM, with all that its leader has started', async () => {
  const { leader, pids, closed } = await start('sleep 600 & echo $!; echo $$; exec sleep 600', 2)
  expect(await endGroup(leader, LONG)).toBe(true)
  expect(await closed).toEqual([null, 'SIGTERM'])
  await eventually(() => !pids.some(isRunning))
})

test('what takes a moment to end has it, also when its leader has ended', async () => {
  const inner = 'trap "sleep 0.2; echo done; exit" TERM; echo $$; while :; do sleep 0.01; done'
  const { leader, closed, child } = await start(`sh -c '${inner}' & exec sleep 600`)
  let said = ''
  child.stdout.on('data', (text) => (said += text))
  await endGroup(leader, LONG)
  await closed
  expect(said).toBe('done\n')
})

test('what does not obey is ended by SIGKILL, its leader or another', async () => {
  for (const script of [`exec sh -c '${STUBBORN}'`, `sh -c '${STUBBORN}' & exec sleep 600`]) {
    const { leader, pids } = await start(script)
    expect(await endGroup(leader, 50)).toBe(false)
    await eventually(() => !pids.some(isRunning))
    const other = await start(script)
    endGroupsAtOnce([undefined, other.leader], 50)
    await eventually(() => !other.pids.some(isRunning))
  }
})

test('what has ended is not waited for, though its status was not asked for yet', async () => {
  const [one, other] = [
    await start('echo $$; exec sleep 600'),
    await start('echo $$; exec sleep 600'),
  ]
  // Node.js asks for it later: nothing else runs meanwhile.
  endGroupsAtOnce([one.leader, other.leader], LONG)
  expect([await one.closed, await other.closed]).toEqual([
    [null, 'SIGTERM'],
    [null, 'SIGTERM'],
  ])
  await endGroup(one.leader, LONG)
})

test('nothing is done for a program that was not started', async () => {
  signalGroup(undefined, 'SIGKILL')
  signalGroup(0, 'SIGKILL')
  await endGroup(undefined, LONG)
})
