/** Groups of processes that end with this program, by a signal or otherwise. */
import { expect, onTestFinished, test } from 'vitest'
import { bindGroup } from '../../src/files/bound-groups.ts'
import { eventually } from '../nbd/server/test-server.ts'
import { spawn } from '../peers/child-process.ts'
import { catchOwnSignals } from './own-signals.ts'

function start() {
  const child = spawn('sleep', ['600'], { stdio: 'ignore', detached: true })
  const isOver = () => child.signalCode !== null
  return { leader: child.pid, isOver }
}

test('all that are bound end before the program does, then what belongs to them is removed', async () => {
  const [one, other, free] = [start(), start(), start()]
  const done: unknown[] = []
  const sent = catchOwnSignals()
  onTestFinished(bindGroup(one.leader, () => done.push('one', ...sent)))
  onTestFinished(bindGroup(other.leader, () => done.push('other', ...sent)))
  bindGroup(free.leader, () => done.push('free'))()
  process.emit('SIGALRM', 'SIGALRM')
  expect(done).toEqual(['one', 'other'])
  expect(sent).toEqual(['SIGALRM'])
  await eventually(() => one.isOver() && other.isOver())
  expect(free.isOver()).toBe(false)
})

test('it holds where the program ends by itself, from the first to the last', async () => {
  const before = new Set(process.listeners('exit'))
  const own = () => process.listeners('exit').filter((listener) => !before.has(listener))
  const { leader, isOver } = start()
  const [letGo, letOther] = [bindGroup(leader), bindGroup(undefined)]
  letOther()
  expect(own()).toHaveLength(1)
  for (const end of own()) end(0)
  await eventually(isOver)
  letGo()
  expect(own()).toEqual([])
})
