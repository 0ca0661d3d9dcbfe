/** The examples of docs/library.md: each is run, and all are checked against the library's types. */

import { once } from 'node:events'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect as connectNet } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { build } from 'esbuild'
import { expect, onTestFinished, test } from 'vitest'
import { tlsOptionsFor } from '../../src/library/tls.ts'
import { connectTls } from '../../src/tls/connection.ts'
import { ROOT, runFile, scratchFolder, writeFiles } from '../cli/command.ts'
import { makeX509Folder } from '../nbd/nbd-credentials.ts'
import { type ChildProcessWithoutNullStreams, spawn } from '../peers/child-process.ts'
import { makeIdentity } from './certificates.ts'

const [tlsServer = '', nbdServer = '', nbdClient = ''] = [
  ...readFileSync(join(ROOT, 'docs/library.md'), 'utf8').matchAll(/```ts\n([\s\S]*?)```/g),
].map((match) => match[1])

const POLICY = 'LIBVIRT=NORMAL:-VERS-ALL:+VERS-TLS1.3\nQEMU=NORMAL:-VERS-ALL:+VERS-TLS1.3\n'

/** A folder where examples find the library, as a program has it that depends on it. */
function makeProgram(files: Readonly<Record<string, string>>): string {
  const folder = scratchFolder()
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(ROOT, join(folder, 'node_modules/cryptopolicy'))
  writeFiles(folder, { 'package.json': '{"type":"module"}', 'gnutls.config': POLICY, ...files })
  return folder
}

function start(cwd: string, args: readonly string[]): ChildProcessWithoutNullStreams {
  const server = spawn(process.execPath, args, { cwd })
  onTestFinished(() => void server.kill('SIGKILL'))
  return server
}

test('the server of docs/library.md serves what its string allows', async () => {
  const identity = makeIdentity('localhost', 'rsa-2048')
  const { key, certificate } = identity
  const folder = makeProgram({ 'server.ts': tlsServer, 'key.pem': key, 'cert.pem': certificate })
  const server = start(folder, ['server.ts', 'gnutls.config', 'key.pem', 'cert.pem'])
  const connection = connectNet(await portOf(server))
  const settings = tlsOptionsFor('NORMAL', { role: 'client' })
  const options = { ca: identity.certificate, servername: 'localhost' }
  const socket = await connectTls(connection, settings, options)
  expect(socket.getProtocol()).toBe('TLSv1.3')
  expect(await text(socket)).toBe('hello\n')
})

test('the NBD server and client of docs/library.md serve and write an image', async () => {
  const dir = makeX509Folder()
  const folder = makeProgram({ 'server.ts': nbdServer, 'client.ts': nbdClient })
  const image = join(folder, 'disk.raw')
  writeFileSync(image, Buffer.alloc(65_536))
  const server = start(folder, ['server.ts', image, dir, 'CN=client', 'gnutls.config'])
  const log = text(server.stderr)
  const port = await portOf(server)
  const client = runFile(process.execPath, ['client.ts', dir, `${port}`], { cwd: folder })
  expect(client).toEqual({ status: 0, stdout: '65536 bytes, guest memory\n', stderr: '' })
  server.kill('SIGTERM')
  expect(await once(server, 'exit')).toEqual([0, null])
  expect(readFileSync(image).toString('latin1', 4096, 4108)).toBe('guest memory')
  expect(await log).toMatch(/^#1 .*\n#1 .*: secured by TLSv1\.3 .*, certificate "CN=client"\n/)
})

test('the types of the library know all that its examples use', () => {
  const folder = makeProgram({ 'a.ts': tlsServer, 'b.ts': nbdServer, 'c.ts': nbdClient })
  symlinkSync(join(ROOT, 'node_modules/@types'), join(folder, 'node_modules/@types'))
  const options = [
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--module',
    'nodenext',
    '--types',
    'node',
  ]
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc')
  const args = [compiler, ...options, 'a.ts', 'b.ts', 'c.ts']
  expect(runFile(process.execPath, args, { cwd: folder })).toMatchObject({ stdout: '', status: 0 })
})

test('importing the library loads neither node-forge nor compiled code', async () => {
  const { metafile } = await build({
    ...{ entryPoints: [join(ROOT, 'src/index.ts')], outdir: 'out', absWorkingDir: ROOT },
    ...{ bundle: true, splitting: true, format: 'esm', platform: 'node', target: 'node24' },
    ...{ metafile: true, write: false, logLevel: 'silent' },
  })
  const loaded = new Set<string>()
  const load = (path: string): void => {
    if (loaded.has(path)) return
    loaded.add(path)
    for (const { path: next, kind } of metafile.outputs[path]?.imports ?? []) {
      if (kind === 'import-statement') load(next)
    }
  }
  load('out/index.js')
  const inputs = [...loaded].flatMap((path) => Object.keys(metafile.outputs[path]?.inputs ?? {}))
  const packages = inputs.map((path) => /node_modules\/([^/]+)/.exec(path)?.[1])
  expect(new Set(packages.filter(Boolean))).toEqual(new Set(['yaml']))
  const script = `import 'cryptopolicy'; console.log(process.report.getReport().sharedObjects.join())`
  const folder = makeProgram({ 'import.mjs': script })
  expect(runFile(process.execPath, ['import.mjs'], { cwd: folder }).stdout).not.toMatch(/\.node\b/)
})

async function portOf(server: ChildProcessWithoutNullStreams): Promise<number> {
  const [line] = await once(server.stdout, 'data')
  return Number(`${line}`)
}
