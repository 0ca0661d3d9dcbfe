/** Which of the clients that wait is sent away where one more comes: a silent one, and no client that was not heard yet. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { Listener } from '../../src/endpoint/listener.ts'
import { PATIENCE } from '../../src/endpoint/newcomers.ts'
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
