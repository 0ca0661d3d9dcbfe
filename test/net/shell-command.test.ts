/** What the other end of a pipe sees of a command, and how a command ends. */
import { once } from 'node:events'
import { readlinkSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { runShellCommand, type ShellCommand } from '../../src/net/shell-command.ts'
import { isRunning } from '../chardev/user-at-terminal.ts'
import { catchOwnSignals } from '../files/own-signals.ts'

function run(command: string): ShellCommand {
  const running = runShellCommand(command)
  onTestFinished(() => running.kill())
  return running
}

async function textOf({ stream }: ShellCommand): Promise<string> {
  let text = ''
  for await (const bytes of stream) text += bytes
  return text
}

test.each([
  ['exit 0', undefined],
  ['exit 3', 'status 3'],
  ['kill -TERM $$', 'SIGTERM'],
])('%s ends with %s', async (command, ended) => {
  const running = run(command)
  running.stream.resume()
  expect(await running.ended).toBe(ended)
})

test('what is written is its input, and its output is read, each to its end', async () => {
  const running = run('cat; echo end')
  running.stream.write('one ')
  const finished = once(running.stream, 'finish')
  running.stream.end('two ')
  expect(await textOf(running)).toBe('one two end\n')
  await finished
  expect(await running.ended).toBeUndefined()
})

test('its output goes on behind the end of its input, and the other way round', async () => {
  const talking = run('exec </dev/null; sleep 0.05; echo late')
  talking.stream.end()
  expect(await textOf(talking)).toBe('late\n')
  const listening = run('exec >&-; read line; test "$line" = said')
  await once(listening.stream.resume(), 'end')
  listening.stream.end('said\n')
  expect(await listening.ended).toBeUndefined()
})

test('a slow reader gets all, and a slow command takes all', async () => {
  const running = run('sleep 0.05; cat')
  const sent = Buffer.alloc(1_000_000, 'abc')
  const written = new Promise<void>((resolve) => running.stream.end(sent, resolve))
  const parts: Buffer[] = []
  for await (const bytes of running.stream) {
    parts.push(bytes)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await written
  expect(Buffer.concat(parts).equals(sent)).toBe(true)
})

describe('a command that has ended', () => {
  test('can be written to no longer, which breaks the stream', async () => {
    const running = run('exit 0')
    running.stream.resume()
    await running.ended
    const closed = new Promise((resolve) => running.stream.once('close', resolve))
    running.stream.write('x'.repeat(100_000))
    await closed
    expect(running.stream.destroyed).toBe(true)
  })

  test('lets the stream end all the same', async () => {
    const running = run('exit 0')
    running.stream.resume()
    await running.ended
    const finished = once(running.stream, 'finish')
    running.stream.end()
    await finished
  })
})

test('it ends with all that it started, also where the stream is destroyed', async () => {
  const running = run('sleep 600 & sleep 600')
  running.kill()
  expect(await running.ended).toBe('SIGTERM')
  const other = run('cat')
  other.stream.destroy()
  expect(await other.ended).toBeUndefined()
})

test('it ends with this program, where a signal ends that at once', async () => {
  const sent = catchOwnSignals()
  const running = run('sleep 600 & exec sleep 600')
  process.emit('SIGALRM', 'SIGALRM')
  expect(sent).toEqual(['SIGALRM'])
  expect(await running.ended).toBe('SIGTERM')
})

test('a program that has no command any more has its signals for itself', async () => {
  await expect.poll(() => process.listenerCount('SIGQUIT')).toBe(0)
  const running = run('exit 0')
  expect(process.listenerCount('SIGQUIT')).toBe(1)
  running.stream.resume()
  await running.ended
  await expect.poll(() => process.listenerCount('SIGQUIT')).toBe(0)
})

test('what one says while it is ended can be read when it has ended', async () => {
  const running = run('trap "echo leaving; exit 4" TERM; echo ready; while :; do sleep 0.01; done')
  await once(running.stream, 'readable')
  running.kill()
  expect(await running.ended).toBe('status 4')
  expect(await textOf(running)).toBe('ready\nleaving\n')
})

test('it complains where this program does', async () => {
  const own = readlinkSync('/proc/self/fd/2')
  expect(await textOf(run('readlink /proc/$$/fd/2'))).toBe(`${own}\n`)
})

test('one that does not obey is ended after its time', async () => {
  const running = run('trap "" TERM; echo ready; sleep 600')
  await once(running.stream, 'data')
  running.kill()
  expect(await running.ended).toBe('SIGKILL')
  if (!running.stream.destroyed) await once(running.stream, 'close')
})

test('what one has left in its group is ended too, though nothing of it can be heard', async () => {
  const quiet = 'trap "" TERM; exec sleep 600 </dev/null >/dev/null 2>&1'
  const running = run(`(${quiet}) & echo $!; exec cat`)
  const [pid] = await once(running.stream, 'data')
  running.kill()
  running.stream.resume()
  expect(await running.ended).toBe('SIGTERM')
  // Until then it would end with this program.
  expect(process.listenerCount('SIGQUIT')).toBe(1)
  await expect.poll(() => isRunning(Number(pid))).toBe(false)
  await expect.poll(() => process.listenerCount('SIGQUIT')).toBe(0)
})
