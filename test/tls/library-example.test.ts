import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, symlinkSync } from 'node:fs'
import { connect as connectNet } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { connectTls } from '../../src/tls/connection.ts'
import { tlsOptionsFor } from '../../src/tls/tls-options.ts'
import { ROOT, scratchFolder, writeFiles } from '../cli/command.ts'
import { makeIdentity } from './certificates.ts'

test('the server of docs/library.md serves what its string allows', async () => {
  const [, example = ''] = /```ts\n([\s\S]*?)```/.exec(
    readFileSync(join(ROOT, 'docs/library.md'), 'utf8'),
  )!
  const identity = makeIdentity('localhost', 'rsa-2048')
  const folder = scratchFolder()
  writeFiles(folder, {
    'server.ts': example,
    'package.json': '{"type":"module"}',
    'gnutls.config': 'LIBVIRT=NORMAL:-VERS-ALL:+VERS-TLS1.3\n',
    'key.pem': identity.key,
    'cert.pem': identity.certificate,
    'node_modules/.keep': '',
  })
  symlinkSync(ROOT, join(folder, 'node_modules/cryptopolicy'))
  const files = ['server.ts', 'gnutls.config', 'key.pem', 'cert.pem']
  const server = spawn(process.execPath, files, { cwd: folder })
  onTestFinished(() => void server.kill())
  const connection = connectNet(await portOf(server))
  const settings = tlsOptionsFor('NORMAL', { role: 'client' })
  const options = { ca: identity.certificate, servername: 'localhost' }
  const socket = await connectTls(connection, settings, options)
  expect(socket.getProtocol()).toBe('TLSv1.3')
  expect(await text(socket)).toBe('hello\n')
})

async function portOf(server: ChildProcessWithoutNullStreams): Promise<number> {
  server.stderr.pipe(process.stderr)
  const [line] = await once(server.stdout, 'data')
  return Number(`${line}`)
}
