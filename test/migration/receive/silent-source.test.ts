/** How long a receiver waits for a source that says nothing more. */
import { existsSync, readdirSync } from 'node:fs'
import type { Duplex } from 'node:stream'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { ReceptionProgress } from '../../../src/migration/receive/reception.ts'
import { refusal } from '../../diagnostic-code.ts'
import { type Bytes, bytesOf, MULTIFD_SYNC } from '../crafted-streams.ts'
import {
  DESCRIPTION,
  guest,
  init,
  REST,
  RETURN_PATH,
  receiver,
  SHUT_FAILED,
  SHUT_WHOLE,
} from './crafted-reception.ts'

describe('a source that is not heard of', () => {
  /** Its clocks stand still; what is read and written goes on. */
  const withClock = async (multifd = 0, idleLimit = 0) => {
    let heard = 0
    const onProgress = ({ bytes }: ReceptionProgress) => {
      heard = bytes
    }
    const receiving = await receiver({ multifd, idleLimit, onProgress })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    let isOver = false
    const over = receiving.reception.outcome.finally(() => {
      isOver = true
    })
    over.catch(() => {})
    const isOverAfter = async (time: number) => {
      vi.advanceTimersByTime(time)
      for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate)
      return isOver
    }
    const until = async (condition: () => boolean) => {
      while (!condition()) await new Promise(setImmediate)
    }
    const hears = (bytes: number) => until(() => heard === bytes)
    const say = async (source: Duplex, bytes: Bytes) => {
      source.write(bytes)
      await hears(bytes.length)
    }
    return { ...receiving, over, isOverAfter, until, hears, say }
  }

  test.each<[string, readonly Bytes[], boolean]>([
    ['and waits for an answer', [RETURN_PATH], true],
    ['and waits for none', [], false],
  ])('after the end, %s, has ten seconds for a description', async (_, commands, isTold) => {
    const { path, connect, over, isOverAfter, until, say } = await withClock(0, 1)
    const { source, stream, answers } = connect()
    await say(source, guest(...commands))
    expect(await isOverAfter(9_999)).toBe(false)
    expect(existsSync(path)).toBe(false)
    vi.advanceTimersByTime(1)
    // Then it has as long to close its connection.
    await until(() => existsSync(path) && vi.getTimerCount() === 1)
    await until(() => answers() === (isTold ? SHUT_WHOLE : ''))
    expect(await isOverAfter(9_999)).toBe(false)
    vi.advanceTimersByTime(1)
    expect(await over).toMatchObject({
      hasReturnPath: isTold,
      warnings: [{ code: 'MIGRATION_NO_DESCRIPTION' }],
    })
    stream.destroy()
  })

  test('cannot be given up any more once it was told that its guest is stored', async () => {
    const { path, reception, connect, over, until, say } = await withClock()
    const { source, stream, answers } = connect()
    await say(source, bytesOf(guest(RETURN_PATH), DESCRIPTION))
    await until(() => answers() === SHUT_WHOLE)
    reception.cancel()
    source.end()
    stream.end()
    expect(await over).toMatchObject({ hasReturnPath: true })
    expect([answers(), existsSync(path)]).toEqual([SHUT_WHOLE, true])
  })

  test('in a channel beside the main one makes the guest incomplete', async () => {
    const { folder, connect, over, isOverAfter, hears } = await withClock(2)
    const sent = [
      bytesOf(init(0), MULTIFD_SYNC, MULTIFD_SYNC),
      bytesOf(guest(RETURN_PATH), DESCRIPTION),
    ]
    for (const bytes of sent) connect().source.write(bytes)
    await hears(bytesOf(...sent).length)
    expect(await isOverAfter(9_999)).toBe(false)
    vi.advanceTimersByTime(1)
    await expect(over).rejects.toThrow('expected 2 multifd channels, found 1')
    expect(readdirSync(folder)).toEqual([])
  })

  test.each<[string, readonly Bytes[], number]>([
    ['a second', [RETURN_PATH], 1_000],
    ['no time', [], 0],
  ])('has %s to read that the guest is not stored', async (_, commands, time) => {
    const { reception, connect, over, until, say } = await withClock()
    const { source, stream, answers } = connect()
    await say(source, guest(...commands).subarray(0, -REST.length))
    reception.cancel()
    await expect(over).rejects.toThrow(refusal('MIGRATION_RECEIVE_CANCELLED'))
    await until(() => answers() === (time > 0 ? SHUT_FAILED : ''))
    if (time > 0) vi.advanceTimersByTime(time - 1)
    expect(stream.destroyed).toBe(false)
    vi.advanceTimersByTime(1)
    expect(stream.destroyed).toBe(true)
  })

  test('has no time once it has closed what it was told on', async () => {
    const { reception, connect, over, say, until } = await withClock()
    const { source, stream } = connect()
    await say(source, guest(RETURN_PATH).subarray(0, -REST.length))
    reception.cancel()
    await expect(over).rejects.toThrow(refusal('MIGRATION_RECEIVE_CANCELLED'))
    expect(vi.getTimerCount()).toBe(1)
    source.end()
    stream.end()
    await until(() => stream.destroyed)
    expect(vi.getTimerCount()).toBe(0)
  })
})
