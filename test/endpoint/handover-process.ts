/**
 * A process with few descriptors whose listeners are replaced at their places. Lines of standard input say what it
 * does next, and it answers each with a line: `leave` ends them and keeps their sockets, `listen` begins the next
 * ones, `fill` takes every descriptor, `empty` gives them back, `free` tells how many more files it can open.
 */
import { closeSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DiagnosticError } from '../../src/diagnostics/diagnostic.ts'
import { Listener } from '../../src/endpoint/listener.ts'
import { handingSocketsOver } from '../../src/endpoint/listening-sockets.ts'
import { takeDescriptors } from '../files/take-descriptors.ts'

const [folder = '', count = '1'] = process.argv.slice(2)
const paths = Array.from({ length: Number(count) }, (_, index) => join(folder, `${index}`))

function makeListener(): Listener {
  return new Listener({
    handshakeLimit: 0,
    handle: () => ({
      run: async ({ socket }) => {
        await new Promise((resolve) => socket.resume().once('close', resolve))
        return 'closed'
      },
      drain: () => false,
      wasUsed: true,
    }),
  })
}

async function listenAll(): Promise<readonly Listener[]> {
  const listeners = paths.map(makeListener)
  for (const [index, path] of paths.entries()) await listeners[index]?.listen({ path })
  return listeners
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const taken: number[] = []

/** Answers lines until one of them comes. */
async function answerUntil(wanted: string): Promise<void> {
  for (;;) {
    const { value: line, done } = await lines.next()
    if (done || line === wanted) return
    if (line === 'fill') taken.push(...takeDescriptors())
    const free =
      line === 'free' ? takeDescriptors() : taken.splice(0, line === 'empty' ? undefined : 0)
    for (const descriptor of free) closeSync(descriptor)
    console.log(`${line} ${free.length}`)
  }
}

const first = await listenAll()
console.log('ready')
await answerUntil('leave')
await handingSocketsOver(async () => {
  for (const listener of first) await listener.drain(0)
  console.log('left')
  await answerUntil('listen')
  try {
    await listenAll()
    console.log('listens')
  } catch (error) {
    console.log(error instanceof DiagnosticError ? 'refused' : error)
  }
})
await answerUntil('end')
