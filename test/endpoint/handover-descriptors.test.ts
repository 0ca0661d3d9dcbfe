/** Clients that come while nothing serves their place: they leave the process its descriptors, and are not forgotten. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { scratchFolder } from '../cli/command.ts'
import { eventually } from '../nbd/server/test-server.ts'
import { spawn } from '../peers/child-process.ts'
import { testWith } from '../peers/peer.ts'

const SCRIPT = join(import.meta.dirname, 'handover-process.ts')
const PLACES = [0, 1, 2, 3]
const LIMIT = 120

/** What is kept free, less what the process opens meanwhile by itself. */
const KEPT = 16

/** A process that has left its places. */
async function leavePlaces() {
  const folder = scratchFolder()
  const args = [`--nofile=${LIMIT}:${LIMIT}`, process.execPath, SCRIPT, folder]
  const child = spawn('prlimit', [...args, String(PLACES.length)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let said = ''
  child.stdout.on('data', (text) => (said += text))
  const hear = async (answer: RegExp): Promise<string> => {
    await eventually(() => answer.test(said))
    const [whole = ''] = answer.exec(said) ?? []
    said = ''
    return whole
  }
  const ask = (line: string, answer = new RegExp(`^${line} \\d+$`, 'm')): Promise<string> => {
    child.stdin.write(`${line}\n`)
    return hear(answer)
  }
  await hear(/^ready$/m)
  await ask('leave', /^left$/m)
  return { ask, paths: PLACES.map((place) => join(folder, String(place))) }
}

async function open(path: string): Promise<Socket> {
  const socket = connect({ path }).on('error', () => {})
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  return socket.resume()
}

testWith('prlimit', 'they leave the descriptors that the next ones need', async () => {
  const { ask, paths } = await leavePlaces()
  const clients: Socket[] = []
  for (const path of paths) {
    clients.push(...(await Promise.all(Array.from({ length: 60 }, () => open(path)))))
  }
  await eventually(() => clients.filter(({ closed }) => closed).length > clients.length / 2)
  const [, free] = (await ask('free')).split(' ')
  expect(Number(free)).toBeGreaterThanOrEqual(KEPT)
  expect(await ask('listen', /^(listens|refused)$/m)).toBe('listens')
  expect(clients.some(({ closed }) => !closed)).toBe(true)
})

testWith('prlimit', 'they are let go where the next ones cannot begin', async () => {
  const { ask, paths } = await leavePlaces()
  const clients = await Promise.all(paths.map(open))
  // The process has accepted them when it has counted.
  const [, before] = (await ask('free')).split(' ')
  expect(Number(before)).toBeGreaterThan(KEPT)
  await ask('fill')
  expect(await ask('listen', /^(listens|refused)$/m)).toBe('refused')
  await ask('empty')
  await eventually(() => clients.every(({ closed }) => closed))
})
