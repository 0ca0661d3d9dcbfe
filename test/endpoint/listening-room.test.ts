/** A listener says that it listens only where it can let a client in. */
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { eventually } from '../nbd/server/test-server.ts'
import { spawn } from '../peers/child-process.ts'
import { testWith } from '../peers/peer.ts'

const SCRIPT = join(import.meta.dirname, 'full-process.ts')

/** What a process says that has so many descriptors left, with a client where it listens. */
async function listenWith(left: number): Promise<string> {
  const args = ['--nofile=64:64', process.execPath, SCRIPT, String(left)]
  const child = spawn('prlimit', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let said = ''
  child.stdout.on('data', (text) => (said += text))
  await eventually(() => /listens \d+\n|cannot listen .*\n/.test(said))
  const [, port] = /listens (\d+)/.exec(said) ?? []
  if (port === undefined) return 'refuses'
  const client = connect(Number(port), '127.0.0.1').on('error', () => {})
  const closed = new Promise((resolve) => client.once('close', resolve))
  client.resume()
  await closed
  return said.includes('connected') ? 'lets in' : `drops: ${said}`
}

for (const [left, outcome] of [
  [0, 'refuses'],
  [1, 'refuses'],
  [2, 'refuses'],
  [6, 'lets in'],
] as const) {
  testWith('prlimit', `${left} descriptors left: ${outcome}`, async () => {
    expect(await listenWith(left)).toBe(outcome)
  })
}
