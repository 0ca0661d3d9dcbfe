/** Two runs of update-policies at once. */
import { expect, test } from 'vitest'
import { takeFileLock } from '../../src/files/file-lock.ts'
import { GenerationStore } from '../../src/system/generation-store.ts'
import { Host } from '../cli/host.ts'
import { giveLocksUpAtOnce, WHOLE_WAIT } from '../files/impatient-locks.ts'

const never = (): never => {
  throw new Error('it is free')
}

test('a run waits for another, and gives up with everything as it was', async () => {
  const host = new Host()
  await host.setInProcess('DEFAULT')
  const before = host.visible()
  const waits = giveLocksUpAtOnce()
  const release = takeFileLock(new GenerationStore(host.base).lockFile, { giveUp: never })
  waits.splice(0)
  const set = () => host.updateInProcess(['--set', 'FUTURE', '--no-reload'])
  const { status, stderr } = await set()
  expect(waits).toEqual(WHOLE_WAIT)
  expect(status).toBe(1)
  expect(stderr).toMatch(/note\[RUN_WAITING\].*error\[RUN_LOCKED\]/s)
  expect(host.visible()).toEqual(before)
  expect(host.leftovers()).toEqual([])
  release()
  expect(await set()).toMatchObject({ status: 0 })
  expect(host.read('state', 'current').trim()).toBe('FUTURE')
})
