/** Real guests are received, stored, and go on in another QEMU that is given what was stored. */
import { copyFileSync, existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { run, scratchFolder } from '../../cli/command.ts'
import { resultOf } from '../../cli/json-output.ts'
import { credentialsOf, makePskFolder, makeX509Folder } from '../../nbd/nbd-credentials.ts'
import { execFileSync } from '../../peers/child-process.ts'
import { testWith } from '../../peers/peer.ts'
import { differingPages, type Guest, goOn, startGuest } from '../guest.ts'
import { QEMU } from '../qemu.ts'
import { type ReceiveProcess, startReceive } from './receive-process.ts'

type Way = {
  readonly kind: 'x509' | 'psk'
  readonly multifd: number
  readonly hasReturnPath: boolean
  readonly listen?: string
  readonly capabilities?: readonly string[]
  readonly args?: readonly string[]
}

const WAYS: readonly Way[] = [
  { kind: 'x509', multifd: 0, hasReturnPath: true },
  { kind: 'x509', multifd: 0, hasReturnPath: false },
  { kind: 'psk', multifd: 0, hasReturnPath: false, listen: 'unix:' },
  { kind: 'psk', multifd: 2, hasReturnPath: true },
  { kind: 'x509', multifd: 4, hasReturnPath: false },
  { kind: 'x509', multifd: 0, hasReturnPath: true, capabilities: ['xbzrle'] },
]

/** Lets a QEMU send its guest; gives how that ended for it. */
async function send(
  { qmp }: Guest,
  { place }: ReceiveProcess,
  { kind, multifd, hasReturnPath, capabilities = [] }: Way,
  dir: string,
  properties: object = {},
): Promise<string> {
  const credentials = {
    'qom-type': `tls-creds-${kind}`,
    id: 'tls0',
    dir,
    endpoint: 'client',
    ...properties,
  }
  await qmp.run('object-add', credentials)
  await qmp.setCapabilities([
    ...['events', ...capabilities],
    ...(multifd > 0 ? ['multifd'] : []),
    ...(hasReturnPath ? ['return-path'] : []),
  ])
  await qmp.run('migrate-set-parameters', {
    ...{ 'tls-creds': 'tls0', 'tls-hostname': 'localhost', 'max-bandwidth': 2 ** 40 },
    ...(multifd > 0 ? { 'multifd-channels': multifd } : {}),
  })
  await qmp.run('migrate', { uri: place.startsWith('/') ? `unix:${place}` : `tcp:${place}` })
  return qmp.waitForMigration()
}

async function receive(way: Way): Promise<{ source: Guest; receiver: ReceiveProcess }> {
  const { kind, multifd, listen } = way
  const dir = kind === 'x509' ? makeX509Folder() : makePskFolder()
  const receiver = await startReceive({
    args: [...credentialsOf(kind, dir, 'server'), '--multifd', `${multifd}`, '--json'],
    ...(listen ? { listen: `${listen}${join(scratchFolder(), 'socket')}` } : {}),
  })
  const source = await startGuest()
  const status = await send(source, receiver, way, dir)
  if (status !== 'completed') throw new Error(`${status}: ${receiver.log()}`)
  return { source, receiver }
}

describe('a guest is stored whole', () => {
  for (const way of WAYS) {
    const { kind, multifd, hasReturnPath, listen = '', capabilities = [] } = way
    const extra = [listen, ...capabilities, hasReturnPath ? 'return path' : 'no return path']
    const name = `${kind}, multifd ${multifd}, ${extra.filter(Boolean).join(', ')}`
    testWith(QEMU, name, async () => {
      const { source, receiver } = await receive(way)
      const { status, stdout } = await receiver.ended
      expect([status, receiver.log()]).toEqual([0, expect.stringContaining('main channel')])
      const result = resultOf(stdout)
      expect(result).toMatchObject({ complete: true, returnPath: hasReturnPath })
      expect(result.channels).toHaveLength(1 + multifd)
      for (const { file, sha256, bytes } of result.channels) {
        expect(execFileSync('sha256sum', [file]).slice(0, 64)).toBe(sha256)
        expect(readFileSync(`${file}.sha256`, 'utf8')).toMatch(sha256)
        expect(statSync(file)).toMatchObject({ size: bytes, mode: 0o100600 })
      }
      const out = join(scratchFolder(), 'memory')
      const rebuilt = run('cryptopolicy', [
        'migrate',
        'inspect',
        '--ram',
        receiver.file,
        '--out',
        out,
      ])
      expect(rebuilt.status, rebuilt.stderr).toBe(0)
      const memory = readFileSync(join(out, 'ram0'))
      expect(differingPages(source.memory(), memory)).toEqual([])
    })
  }
})

testWith(QEMU, 'another QEMU takes what was stored, and the guest goes on there', async () => {
  const { source, receiver } = await receive({ kind: 'x509', multifd: 0, hasReturnPath: true })
  await receiver.ended
  const destination = await startGuest({ isIncoming: true })
  await destination.qmp.setCapabilities(['events'])
  await destination.qmp.run('migrate-incoming', { uri: `exec:cat ${receiver.file}` })
  expect(await destination.qmp.waitForMigration()).toBe('completed')
  expect(differingPages(source.memory(), destination.memory())).toEqual([])
  expect(await goOn(destination)).toMatch(/^[a-p]{4}/)
})

testWith(
  QEMU,
  'a QEMU with a certificate of another authority is refused, and keeps its guest',
  async () => {
    const [dir, other] = [makeX509Folder(), makeX509Folder()]
    copyFileSync(join(dir, 'ca-cert.pem'), join(other, 'ca-cert.pem'))
    const receiver = await startReceive({ args: credentialsOf('x509', dir, 'server') })
    const source = await startGuest()
    const way = { kind: 'x509', multifd: 0, hasReturnPath: true } as const
    expect(await send(source, receiver, way, other, { 'sanity-check': false })).toBe('failed')
    expect(await receiver.says(/ended: /)).toContain('[TLS_CERTIFICATE_BAD_SIGNATURE]')
    // It was stopped for the end of the migration, and goes on a moment after that has failed.
    await expect.poll(() => source.qmp.run('query-status')).toMatchObject({ running: true })
    receiver.kill('SIGTERM')
    expect((await receiver.ended).status).toBe(1)
    expect(existsSync(receiver.file)).toBe(false)
  },
)
