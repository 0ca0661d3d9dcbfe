/** A QEMU that waits for its migration does not notice a preflight of its address. */
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { run, scratchFolder } from '../../cli/command.ts'
import { resultOf } from '../../cli/json-output.ts'
import { eventually } from '../../nbd/server/test-server.ts'
import { spawn } from '../../peers/child-process.ts'
import { testWith } from '../../peers/peer.ts'
import { freePort } from '../../peers/port.ts'
import { QEMU, recordMigration } from '../qemu.ts'

const MACHINE = ['-machine', 'pc', '-m', '16']
const QUIET = ['-nodefaults', '-display', 'none', '-accel', 'tcg', '-S']

testWith(QEMU, 'and takes its migration afterwards', async () => {
  const folder = scratchFolder()
  const stream = join(folder, 'stream')
  await recordMigration(MACHINE, stream)
  const port = await freePort()
  const incoming = ['-incoming', `tcp:127.0.0.1:${port}`, '-qmp', 'stdio']
  const qemu = spawn(QEMU, [...QUIET, ...MACHINE, ...incoming])
  onTestFinished(() => void qemu.kill('SIGKILL'))
  let said = ''
  qemu.stdout?.on('data', (text) => (said += text))
  qemu.stdin?.on('error', () => {})
  await eventually(() => said.includes('QMP'))

  const { status, stdout } = run('cryptopolicy', [
    ...['migrate', 'preflight', '--to', `127.0.0.1:${port}`, '--json'],
  ])
  expect(status).toBe(1)
  const [listener, ...others] = resultOf(stdout).checks
  expect(listener.findings[0].code).toBe('PREFLIGHT_NOT_LISTENING')
  expect(others.every((check: { outcome: string }) => check.outcome === 'not checked')).toBe(true)

  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  createReadStream(stream).pipe(socket)
  qemu.stdin?.write('{"execute":"qmp_capabilities"}\n')
  await eventually(() => {
    qemu.stdin?.write('{"execute":"query-migrate"}\n')
    return said.includes('"status": "completed"')
  })
})
