/** Clients that mean ill, or are broken: the others are served, and the memory stays. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { scratchFolder } from '../cli/command.ts'
import { spawn } from '../peers/child-process.ts'
import { type OurMonitor, startMonitor } from './our-monitor.ts'
import { RawMonitor } from './raw-monitor.ts'

const MONITOR_PROCESS = join(import.meta.dirname, 'monitor-process.ts')

/** In bytes; a process that has started takes about 100 MB. */
const MEMORY_LIMIT = 400 << 20

function memoryOf({ child }: OurMonitor): number {
  const [, kilobytes = '0'] =
    /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) * 1024
}

function descriptorsOf({ child }: OurMonitor): number {
  return readdirSync(`/proc/${child.pid}/fd`).length
}

async function expectServed(monitor: OurMonitor): Promise<void> {
  const client = await monitor.open()
  expect(await client.run('query-status')).toMatchObject({ running: true })
  client.close()
}

/** Writes as fast as it is taken, until all is written or the connection is cut. */
async function pour(socket: Duplex, piece: string, count: number): Promise<void> {
  let wake: () => void = () => {}
  const notify = () => wake()
  socket.on('drain', notify).on('close', notify)
  for (let at = 0; at < count && !socket.destroyed; at++) {
    if (socket.write(piece)) continue
    await new Promise<void>((resolve) => {
      wake = resolve
    })
  }
  socket.off('drain', notify).off('close', notify)
}

/** What the monitor says to a text. A NUL ends whatever the text has begun. */
async function say(client: RawMonitor, text: string): Promise<readonly string[]> {
  client.socket.write(`${text}\n\0\n{"execute":"query-name","id":"end"}\n`)
  const errors: string[] = []
  for (;;) {
    const message = await client.next()
    if (!message || message.id === 'end') return errors
    errors.push(message.error?.desc ?? 'no error')
  }
}

test('garbage, deep nesting and values that are too large get an error, and the client goes on', async () => {
  const monitor = await startMonitor()
  const client = await monitor.open()
  expect(await say(client, `${'['.repeat(100_000)}`)).toContain('JSON nesting depth limit exceeded')
  const bytes = Buffer.from(Array.from({ length: 4096 }, (_, index) => index % 256)).toString(
    'latin1',
  )
  await say(client, bytes)
  const long = await say(client, `"${'x'.repeat(2_000_000)}"`)
  expect(long[0]).toBe('JSON token size limit exceeded')
  const many = await say(client, `[${'[],'.repeat(88_000)}[]]`)
  expect(many).toContain('JSON token count limit exceeded')
  expect(await client.run('query-name')).toEqual({})
  await expectServed(monitor)
})

test('a line of 100 MB is answered once, and takes no memory', async () => {
  const monitor = await startMonitor()
  const client = await monitor.open()
  await pour(client.socket, `"${'x'.repeat(999_999)}`, 1)
  await pour(client.socket, 'x'.repeat(1_000_000), 99)
  expect(await say(client, '"')).toEqual([
    'JSON token size limit exceeded',
    "JSON parse error, stray '\0'",
  ])
  expect(memoryOf(monitor)).toBeLessThan(MEMORY_LIMIT)
})

test('a client that reads nothing is not answered for ever', async () => {
  const monitor = await startMonitor()
  const client = connect(monitor.path)
  client.pause().on('error', () => {})
  client.write('{"execute":"qmp_capabilities"}\n')
  const pouring = pour(client, '{"execute":"query-qmp-schema"}\n'.repeat(2_000), 500)
  await delay(2000)
  await expectServed(monitor)
  expect(memoryOf(monitor)).toBeLessThan(MEMORY_LIMIT)
  client.destroy()
  await pouring
})

test('events that a client does not read end its connection', async () => {
  const monitor = await startMonitor()
  const silent = connect(monitor.path)
  silent.pause()
  silent.on('error', () => {})
  silent.write('{"execute":"qmp_capabilities"}\n')
  const client = await monitor.open()
  await client.run('blockdev-add', { driver: 'null-co', 'node-name': 'n0' })
  const data = { host: '127.0.0.1', port: '0' }
  await client.run('nbd-server-start', { addr: { type: 'inet', data } })
  const before = descriptorsOf(monitor)
  const id = `e${'x'.repeat(200_000)}`
  for (let round = 0; round < 40; round++) {
    await client.run('block-export-add', { type: 'nbd', id, 'node-name': 'n0' })
    await client.run('block-export-del', { id })
    client.events.length = 0
  }
  await expect.poll(() => descriptorsOf(monitor), { timeout: 60_000 }).toBeLessThan(before)
  silent.destroy()
})

test('clients that say nothing leave no descriptors behind', async () => {
  const monitor = await startMonitor()
  await expectServed(monitor)
  const before = descriptorsOf(monitor)
  for (let round = 0; round < 20; round++) {
    const silent = await Promise.all(Array.from({ length: 10 }, () => monitor.connect()))
    await expectServed(monitor)
    for (const client of silent) client.close()
  }
  await expect.poll(() => descriptorsOf(monitor), { timeout: 60_000 }).toBeLessThanOrEqual(before)
})

test('many clients that say nothing keep no other from being served', async () => {
  const monitor = await startMonitor()
  const silent = await Promise.all(Array.from({ length: 60 }, () => monitor.connect()))
  await expectServed(monitor)
  // One that begins late is served too.
  expect(await silent[0]!.run('qmp_capabilities')).toEqual({})
  for (const client of silent) client.close()
})

test('only the owner of the socket can use it', async () => {
  const monitor = await startMonitor()
  expect(statSync(monitor.path).mode & 0o777).toBe(0o600)
})

test('commands behind quit, and one that was not ended, do not keep the process', async () => {
  const monitor = await startMonitor()
  const client = await monitor.open()
  client.socket.write('{"execute":"quit"}{"execute":"query-name"}{"execute":')
  expect(await client.next()).toEqual({ return: {} })
  await new Promise((resolve) => monitor.child.once('exit', resolve))
  expect(monitor.child.exitCode).toBe(0)
})

test('a path of digits is a path, and a monitor that was killed makes way there', async () => {
  const cwd = scratchFolder()
  for (const name of ['1', '1', '0x10']) {
    const child = spawn(process.execPath, [MONITOR_PROCESS, name], {
      ...{ cwd, stdio: ['ignore', 'pipe', 'inherit'] },
    })
    await new Promise((resolve) => child.stdout?.once('data', resolve))
    const client = await RawMonitor.connect(join(cwd, name))
    await client.run('qmp_capabilities')
    expect(await client.run('query-name')).toEqual({})
    client.close()
    child.kill('SIGKILL')
    await new Promise((resolve) => child.once('exit', resolve))
  }
})
