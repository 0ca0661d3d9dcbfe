import { expect, test } from 'vitest'
import { sendInPieces } from '../../../src/nbd/client/in-pieces.ts'

test('covers a range once, with few pieces on their way at a time', async () => {
  const sent: number[] = []
  let waiting = 0
  let most = 0
  await sendInPieces(100, 1000, 3, async (offset, length) => {
    most = Math.max(most, ++waiting)
    for (let at = 0; at < length; at++) sent.push(offset + at)
    await new Promise(setImmediate)
    waiting--
  })
  expect(sent.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, at) => 100 + at))
  expect(most).toBe(64)
})

test('begins nothing after a failure, and ends when all that was begun has ended', async () => {
  let begun = 0
  let ended = 0
  const sending = sendInPieces(0, 1000, 1, async (offset) => {
    begun++
    await new Promise(setImmediate)
    if (offset === 7) throw new Error('refused')
    await new Promise(setImmediate)
    ended++
  })
  await expect(sending).rejects.toThrow('refused')
  expect(ended).toBe(begun - 1)
  expect(begun).toBeLessThan(200)
})

test('nothing is sent for an empty range', async () => {
  await sendInPieces(5, 0, 10, () => Promise.reject(new Error('it was sent')))
})
