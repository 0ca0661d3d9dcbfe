/** The echo endpoint as a process of its own: reload by signal, drain by signal, nothing left over. */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { scratchFolder } from '../cli/command.ts'
import { makeX509Folder } from '../nbd/nbd-credentials.ts'
import { eventually } from '../nbd/server/test-server.ts'
import { type ChildProcessWithoutNullStreams, spawn } from '../peers/child-process.ts'
import { testWith } from '../peers/peer.ts'

/** All that a process says. */
function listenTo(child: ChildProcessWithoutNullStreams): { text: string } {
  const heard = { text: '' }
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes: Buffer) => {
      heard.text += bytes
    })
  }
  return heard
}

testWith('openssl', 'obeys SIGHUP and SIGTERM, and ends its clients in order', async () => {
  const dir = makeX509Folder()
  const rules = join(scratchFolder(), 'rules.json')
  const allow = (policy: string) => writeFileSync(rules, JSON.stringify({ rules: [], policy }))
  allow('allow')
  const script = join(import.meta.dirname, 'echo-process.ts')
  const server = spawn(process.execPath, [script, dir, rules])
  const said = listenTo(server)
  const ended = once(server, 'exit')
  await eventually(() => said.text.includes('ready'))
  const port = /ready (\d+)/.exec(said.text)?.[1]
  const files = ['-CAfile', 'ca-cert.pem', '-cert', 'client-cert.pem', '-key', 'client-key.pem']
  const open = () =>
    spawn('openssl', ['s_client', '-quiet', '-connect', `127.0.0.1:${port}`, ...files], {
      cwd: dir,
    })
  const client = open()
  const heard = listenTo(client)
  client.stdin.write('hello\n')
  await eventually(() => heard.text.includes('hello'))
  allow('deny')
  server.kill('SIGHUP')
  await eventually(() => said.text.includes('reloaded'))
  open()
  await eventually(() => said.text.includes('refused'))
  client.stdin.write('still here\n')
  await eventually(() => heard.text.includes('still here'))
  const left = once(client, 'exit')
  server.kill('SIGTERM')
  await left
  expect(await ended).toEqual([0, null])
  expect(said.text).toMatch(/left\n$/)
})
