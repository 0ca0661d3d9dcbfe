/** Stored guests are given to a real QEMU, in clear and over its own TLS, and go on there. */
import { once } from 'node:events'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { ROOT, scratchFolder } from '../../cli/command.ts'
import { resultOf } from '../../cli/json-output.ts'
import { makePskFolder, makeX509Folder } from '../../nbd/nbd-credentials.ts'
import { execFile, spawn } from '../../peers/child-process.ts'
import { testWith } from '../../peers/peer.ts'
import { freePort } from '../../peers/port.ts'
import { differingPages, type Guest, goOn, startGuest } from '../guest.ts'
import { QEMU } from '../qemu.ts'
import { recordGuest } from '../record-guest.ts'
import { STREAMS } from '../recorded-streams.ts'

const SMALL = 'exec-11-pc-q35-11.1-S.bin.gz'

function send(...args: readonly string[]) {
  return execFile(join(ROOT, 'bin', 'cryptopolicy'), ['migrate', 'send', '--json', ...args])
}

type Way = {
  readonly kind?: 'x509' | 'psk'
  readonly channels: number
  readonly hasReturnPath: boolean
}

/** Lets it wait for a migration. @returns what `send` is told. */
async function waitIn({ qmp }: Guest, { kind, channels }: Way): Promise<readonly string[]> {
  await qmp.setCapabilities(['events', ...(channels > 0 ? ['multifd'] : [])])
  const multifd = channels > 0 ? { 'multifd-channels': channels } : {}
  await qmp.run('migrate-set-parameters', multifd)
  if (kind === undefined) {
    const path = join(scratchFolder(), 'incoming')
    await qmp.run('migrate-incoming', { uri: `unix:${path}` })
    return ['--to', `unix:${path}`]
  }
  const dir = kind === 'psk' ? makePskFolder() : makeX509Folder()
  const type = `tls-creds-${kind}`
  await qmp.run('object-add', { 'qom-type': type, id: 'tls0', dir, endpoint: 'server' })
  await qmp.run('migrate-set-parameters', { 'tls-creds': 'tls0' })
  const port = await freePort()
  await qmp.run('migrate-incoming', { uri: `tcp:127.0.0.1:${port}` })
  const object = `${type},id=tls0,dir=${dir},endpoint=client`
  return ['--to', `tcp:127.0.0.1:${port}`, '--object', object, '--tls-creds', 'tls0']
}

describe('a stored guest is taken, and goes on', () => {
  const ways: readonly Way[] = [
    { channels: 0, hasReturnPath: false },
    { kind: 'x509', channels: 0, hasReturnPath: true },
    { kind: 'psk', channels: 2, hasReturnPath: true },
    { kind: 'x509', channels: 4, hasReturnPath: false },
  ]
  for (const way of ways) {
    const { kind = 'clear', channels, hasReturnPath } = way
    const returnPath = hasReturnPath ? 'with return path' : 'without return path'
    testWith(QEMU, `${kind}, multifd ${channels}, ${returnPath}`, async () => {
      const [source, destination] = await Promise.all([
        startGuest(),
        startGuest({ isIncoming: true }),
      ])
      const stored = await recordGuest(source, way)
      const told = await waitIn(destination, way)
      const { stdout, status } = await send('--input', stored, ...told)
      expect(resultOf(stdout)).toMatchObject({
        channels: channels + 1,
        hasReturnPath,
        shut: hasReturnPath ? 0 : null,
      })
      expect(status).toBe(0)
      const { pings, pongs } = resultOf(stdout)
      expect(pongs).toBe(pings)
      expect(await destination.qmp.waitForMigration()).toBe('completed')
      expect(differingPages(source.memory(), destination.memory())).toEqual([])
      expect((await goOn(destination)).length).toBeGreaterThan(3)
    })
  }
})

testWith(QEMU, 'a QEMU that cannot take the guest is told of as it answers', async () => {
  const [source, destination] = await Promise.all([
    startGuest(),
    startGuest({ isIncoming: true, size: 33_554_432 }),
  ])
  const stored = await recordGuest(source, { hasReturnPath: true })
  const told = await waitIn(destination, { channels: 0, hasReturnPath: true })
  const { stdout, status } = await send('--input', stored, ...told)
  expect(status).toBe(1)
  expect(JSON.parse(stdout).diagnostics).toMatchObject([
    { code: expect.stringMatching(/^MIGRATION_DESTINATION_(CLOSED|FAILED)$/) },
  ])
})

testWith(
  QEMU,
  'a destination that is stopped in the middle, and one that is cancelled',
  async () => {
    const source = await startGuest()
    const stored = await recordGuest(source, { hasReturnPath: true })
    const path = join(scratchFolder(), 'slow')
    const server = createServer((connection) => connection.on('error', () => {}).resume()).listen(
      path,
    )
    const slow = ['migrate', 'send', '--json', '--input', stored, '--to', `unix:${path}`]
    const child = spawn(join(ROOT, 'bin', 'cryptopolicy'), [...slow, '--bandwidth', '10K'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [connection] = await once(server, 'connection')
    await once(connection, 'data')
    child.kill('SIGTERM')
    const [printed] = await Promise.all([text(child.stdout!), once(connection, 'close')])
    expect(JSON.parse(printed).diagnostics).toMatchObject([{ code: 'MIGRATION_CANCELLED' }])
    server.removeAllListeners('connection')
    server.on('connection', (next) => next.on('error', () => {}).once('data', () => next.destroy()))
    const { stdout, status } = await send(...slow.slice(3))
    server.close()
    expect(status).toBe(1)
    expect(JSON.parse(stdout).diagnostics).toMatchObject([{ code: 'MIGRATION_DESTINATION_CLOSED' }])
  },
)

testWith(
  QEMU,
  'a stored guest goes to a command, to a file at its offset, and to a descriptor',
  async () => {
    const stored = await recordGuest(await startGuest())
    const bytes = readFileSync(stored)
    const out = join(scratchFolder(), 'out')
    for (const uri of [`exec:cat > ${out}`, `file:${out}`]) {
      expect(await send('--input', stored, '--to', uri)).toMatchObject({ status: 0 })
      expect(readFileSync(out).equals(bytes)).toBe(true)
      rmSync(out)
    }
    writeFileSync(out, 'before')
    expect(await send('--input', stored, '--to', `file:${out},offset=8`)).toMatchObject({
      status: 0,
    })
    const found = readFileSync(out)
    expect(found.subarray(0, 8).toString()).toBe('before\0\0')
    expect(found.subarray(8).equals(bytes)).toBe(true)
    const { stdout } = await send('--input', stored, '--to', 'exec:cat > /dev/null; exit 3')
    expect(JSON.parse(stdout).diagnostics).toMatchObject([{ code: 'MIGRATION_COMMAND_FAILED' }])
    const program = join(ROOT, 'bin', 'cryptopolicy')
    const shell = `${program} migrate send --input ${stored} --to fd:3 3>${out}.fd`
    expect(await execFile('/bin/sh', ['-c', shell])).toMatchObject({ status: 0 })
    expect(readFileSync(`${out}.fd`).equals(bytes)).toBe(true)
  },
)

describe('nothing is sent of what no QEMU would take', () => {
  const refused = async (input: string, ...more: readonly string[]) => {
    const path = join(scratchFolder(), 'nowhere')
    const { stdout } = await send('--input', input, '--to', `unix:${path}`, ...more)
    return JSON.parse(stdout).diagnostics[0].code
  }

  test('a stream that is cut', async () => {
    const cut = join(scratchFolder(), 'cut')
    writeFileSync(cut, gunzipSync(readFileSync(join(STREAMS, SMALL))).subarray(0, 20_000))
    expect(await refused(cut)).toBe('MIGRATION_STREAM_CUT')
  })

  test('pages with fixed places, other channels, standard input', async () => {
    for (const name of ['file-11-mapped-ram.bin.gz', 'tcp-7.2-multifd2-zlib-S/conn.c1.fwd.gz']) {
      expect(await refused(join(STREAMS, name))).toBe('MIGRATION_NOT_SENDABLE')
    }
    expect(await refused('-')).toBe('MIGRATION_NOT_SENDABLE')
  })

  test('a destination that is not there, vsock, TLS without a name', async () => {
    const stored = join(STREAMS, SMALL)
    expect(await refused(stored)).toBe('NET_UNREACHABLE')
    expect(await refused(stored, '--to', 'vsock:2:1')).toBe('MIGRATION_URI_UNUSABLE')
    const object = `tls-creds-x509,id=tls0,dir=${makeX509Folder()},endpoint=client`
    const tls = ['--object', object, '--tls-creds', 'tls0']
    expect(await refused(stored, ...tls)).toBe('MIGRATION_HOSTNAME_MISSING')
  })
})
