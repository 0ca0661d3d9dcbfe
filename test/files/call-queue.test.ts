import { expect, test } from 'vitest'
import { CallQueue } from '../../src/files/call-queue.ts'

test('so many calls are under way, the others begin in their order, failed ones make room too', async () => {
  const queue = new CallQueue(2)
  const begun: number[] = []
  const ends: ((isFine: boolean) => void)[] = []
  const calls = [0, 1, 2, 3, 4].map((number) =>
    queue.run(() => {
      begun.push(number)
      return new Promise<number>((resolve, reject) =>
        ends.push((isFine) => (isFine ? resolve(number) : reject(new Error(`${number}`)))),
      )
    }),
  )
  const results = Promise.allSettled(calls)
  expect(begun).toEqual([0, 1])
  ends[1]?.(false)
  await expect(calls[1]).rejects.toThrow('1')
  expect(begun).toEqual([0, 1, 2])
  ends[0]?.(true)
  await expect(calls[0]).resolves.toBe(0)
  expect(begun).toEqual([0, 1, 2, 3])
  ends[2]?.(true)
  await calls[2]
  for (const end of ends.slice(3)) end(true)
  await calls[3]
  for (const end of ends.slice(4)) end(true)
  const statuses = (await results).map(({ status }) => status)
  expect(statuses).toEqual(['fulfilled', 'rejected', ...Array(3).fill('fulfilled')])
})

test('room that is left is used again, no more and no less', async () => {
  const queue = new CallQueue(1)
  await queue.run(() => Promise.resolve())
  let underWay = 0
  let most = 0
  const call = async (): Promise<void> => {
    most = Math.max(most, ++underWay)
    await Promise.resolve()
    underWay--
  }
  await Promise.all([queue.run(call), queue.run(call), queue.run(call)])
  expect(most).toBe(1)
})
