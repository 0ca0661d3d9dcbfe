/** Which of the clients that wait is sent away where one more comes: a silent one, and no client that was not heard yet. */
import { existsSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { duplexPair } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { Listener } from '../../src/endpoint/listener.ts'
import { PATIENCE } from '../../src/endpoint/newcomers.ts'
import { WaitingLine, type WaitingLineOptions } from '../../src/endpoint/waiting-line.ts'
import { scratchFolder } from '../cli/command.ts'
import { eventually } from '../nbd/server/test-server.ts'
import { spawn } from '../peers/child-process.ts'

/** As many as wait for their turn. */
const LINE = 128

/** A listener with one place, which the first client has, and what has become of the others. */
async function startFull() {
  const path = join(scratchFolder(), 'socket')
  const seen = { served: 0, left: 0, refused: 0, words: '' }
  const listener = new Listener({
    ...{ connectionLimit: 1, clientsBegin: true, allowHalfOpen: true },
    handle: () => ({
      run: async (client) => {
        await client.letIn()
        seen.served++
        seen.words += await text(client.socket)
        client.close(client.socket)
        return 'closed'
      },
      drain: () => false,
      wasUsed: true,
    }),
    onEvent: ({ event }) => void (event in seen && seen[event as 'left' | 'refused']++),
  })
  await listener.listen({ path })
  onTestFinished(() => listener.drain(0))
  const script = join(import.meta.dirname, 'waiting-clients.ts')
  const clients = spawn(process.execPath, [script, path])
  onTestFinished(() => void clients.kill('SIGKILL'))
  const tell = (line: string) => clients.stdin.write(`${line}\n`)
  tell('1')
  await eventually(() => seen.served === 1)
  return { tell, seen }
}

/** Nothing is read meanwhile, as on a busy host: until the clients have done all, and for longer than a client may be silent. */
function standStillUntil(file: string): void {
  const cell = new Int32Array(new SharedArrayBuffer(4))
  do Atomics.wait(cell, 0, 0, 2 * PATIENCE)
  while (!existsSync(file))
}

test('a client that has spoken while the process stood still keeps its turn', async () => {
  const { tell, seen } = await startFull()
  // One more than can wait: when it was sent away, all others wait.
  tell(String(LINE + 1))
  await eventually(() => seen.refused === 1)
  const done = join(scratchFolder(), 'done')
  tell('speak')
  tell(done)
  standStillUntil(done)
  await eventually(() => seen.refused === 2)
  tell('end')
  await eventually(() => seen.served === LINE + 1 && seen.left === LINE + 1)
  expect(seen).toMatchObject({ refused: 2, words: 'x'.repeat(LINE + 1) })
})

describe('a client that waits', () => {
  /** One that stands in a line of its own. */
  function stand(options: WaitingLineOptions = {}) {
    const line = new WaitingLine(options)
    const [client, socket] = duplexPair()
    onTestFinished(() => void client.destroy())
    line.add(socket as Socket)
    return { line, client, socket }
  }

  test('is sent away with all others, and takes no place any more', () => {
    const { line, socket } = stand({})
    line.clear()
    expect([line.length, socket.destroyed]).toEqual([0, true])
  })

  test.each<WaitingLineOptions>([{}, { allowHalfOpen: true }, { clientsBegin: true }])(
    'is noticed when it leaves, also after it has spoken: %j',
    async (options) => {
      const { line, client } = stand(options)
      client.end('hello')
      await eventually(() => line.length === 0)
      expect(line.next()).toBeUndefined()
    },
  )

  test('may have said all, where clients begin and may still be told something', async () => {
    const { line, client, socket } = stand({ clientsBegin: true, allowHalfOpen: true })
    client.end('hello')
    await eventually(() => socket.readableLength > 0)
    for (let count = 0; count < 10; count++) await turn()
    expect(line.next()).toBe(socket)
    expect(await text(socket)).toBe('hello')
  })

  test.each<WaitingLineOptions>([{}, { allowHalfOpen: true }])(
    'and says more than a client would before it is greeted is sent away: %j',
    async (options) => {
      const { line, client, socket } = stand(options)
      client.write(Buffer.alloc(4_096))
      for (let count = 0; count < 10; count++) await turn()
      expect([line.length, socket.destroyed]).toEqual([1, false])
      client.write('x')
      await eventually(() => line.length === 0)
      expect(socket.destroyed).toBe(true)
    },
  )

  test('may say much where clients begin: it is not read', async () => {
    const { line, client, socket } = stand({ clientsBegin: true })
    client.write(Buffer.alloc(4_097))
    for (let count = 0; count < 10; count++) await turn()
    expect([line.length, socket.isPaused()]).toEqual([1, true])
  })

  test('is a stranger once it was silent for a second, and only where clients begin', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const begins = stand({ clientsBegin: true })
    const isGreeted = stand()
    vi.advanceTimersByTime(PATIENCE - 1)
    await turn()
    expect(begins.line.takeSilent()).toBeUndefined()
    vi.advanceTimersByTime(1)
    await turn()
    expect(isGreeted.line.takeSilent()).toBeUndefined()
    expect(begins.line.takeSilent()).toBe(begins.socket)
    expect([begins.line.length, isGreeted.line.length]).toEqual([0, 1])
  })

  test('is no stranger once it has spoken: a silent one behind it is', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const { line, client, socket } = stand({ clientsBegin: true })
    const [other, silent] = duplexPair()
    onTestFinished(() => void other.destroy())
    line.add(silent as Socket)
    client.write('x')
    for (let count = 0; count < 10; count++) await turn()
    vi.advanceTimersByTime(PATIENCE)
    await turn()
    expect(line.takeSilent()).toBe(silent)
    expect(line.takeSilent()).toBeUndefined()
    expect(line.next()).toBe(socket)
  })

  test('and leaves is waited for no more', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const { line, client } = stand({ clientsBegin: true })
    expect(vi.getTimerCount()).toBe(1)
    client.end()
    for (let count = 0; count < 10; count++) await turn()
    expect([line.length, vi.getTimerCount()]).toEqual([0, 0])
  })

  test.each<WaitingLineOptions>([{}, { clientsBegin: true }])(
    'has what it said read again when its turn has come, and is watched no more: %j',
    async (options) => {
      const { line, client, socket } = stand(options)
      client.write('before ')
      for (let count = 0; count < 10; count++) await turn()
      expect(line.next()).toBe(socket)
      expect(line.length).toBe(0)
      const said = text(socket)
      client.end('x'.repeat(10_000))
      expect(await said).toBe(`before ${'x'.repeat(10_000)}`)
    },
  )
})
