/** The commands of libvirt for the destination of a migration, with a real source between them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { scratchFolder } from '../cli/command.ts'
import { makeX509Folder } from '../nbd/nbd-credentials.ts'
import { execFile } from '../peers/child-process.ts'
import { testWith } from '../peers/peer.ts'
import { freePort } from '../peers/port.ts'
import { startMonitor } from './our-monitor.ts'
import { QEMU, startQemu } from './qemu-monitor.ts'
import type { Message, RawMonitor } from './raw-monitor.ts'

type Order = {
  /** What libvirt says, in test/monitor/libvirt. */
  readonly file: string
  /** The disk that libvirt has given to a QEMU on its command line. */
  readonly node: string
  /** Beside the main one. */
  readonly channels: number
}

const ORDERS: readonly Order[] = [
  { file: 'destination-12.8', node: 'libvirt-1-storage', channels: 0 },
  { file: 'destination-9.0', node: 'libvirt-1-format', channels: 0 },
  { file: 'destination-multifd', node: 'libvirt-1-storage', channels: 4 },
]

/** Of a guest's machine: what is asked of it is refused in words that libvirt shows. */
function refusalOf({ execute, arguments: args }: Asked): object | undefined {
  const path = args?.path ?? args?.paths?.[0]
  if (!path?.startsWith('/machine/')) return undefined
  if (!['qom-get', 'qom-list', 'qom-list-get'].includes(execute)) return undefined
  return { class: 'DeviceNotFound', desc: `Device '${path}' not found` }
}

type Asked = {
  readonly execute: string
  readonly id: string
  readonly arguments?: { readonly path?: string; readonly paths?: readonly string[] }
}

const ACK_ON = '{"capability":"switchover-ack","state":true}'
const ACK_OFF = ACK_ON.replace('true', 'false')

type Exchange = { readonly command: string; readonly answer: Message }

/** Each command with its answer. */
function readExchanges(file: string, texts: Readonly<Record<string, string>>): readonly Exchange[] {
  const path = join(import.meta.dirname, 'libvirt', `${file}.txt`)
  const exchanges: Exchange[] = []
  let command = ''
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    if (line.startsWith('-> ')) {
      // The source of this test may be too old for it; libvirt asks both sides first.
      const asked = line.slice(3).replace(ACK_ON, ACK_OFF)
      command = asked.replaceAll(/\{([A-Z_]+)\}/g, (_, name) => texts[name] ?? '')
    } else if (line.startsWith('<- ')) {
      const message = JSON.parse(line.slice(3)) as Message
      if (message.event === undefined) exchanges.push({ command, answer: message })
    }
  }
  return exchanges
}

/** A guest comes from a QEMU over TLS, and the disk by qemu-img. */
async function migrate(
  certificates: string,
  texts: Readonly<Record<string, string>>,
  channels: number,
) {
  const disk = join(scratchFolder(), 'disk')
  await execFile('truncate', ['-s', '1M', disk])
  const object = `tls-creds-x509,id=c0,endpoint=client,dir=${certificates}`
  const target = `driver=nbd,host=127.0.0.1,port=${texts.DISK_PORT},export=drive-virtio-disk0,tls-creds=c0`
  const copy = [
    'convert',
    '-n',
    '--object',
    object,
    '-f',
    'raw',
    disk,
    '--target-image-opts',
    target,
  ]
  expect((await execFile('qemu-img', copy)).stderr).toBe('')
  const source = await startQemu(
    [],
    ['-machine', 'pc', '-m', '16', '-accel', 'tcg', '-vga', 'none'],
  )
  await source.run('qmp_capabilities')
  const on = (...names: string[]) => names.map((capability) => ({ capability, state: true }))
  const capabilities = on('events', 'return-path', ...(channels > 0 ? ['multifd'] : []))
  await source.run('migrate-set-capabilities', { capabilities })
  const credentials = { 'qom-type': 'tls-creds-x509', id: 'c0', endpoint: 'client' }
  await source.run('object-add', { ...credentials, dir: certificates })
  const parameters = {
    ...{ 'tls-creds': 'c0', 'tls-hostname': 'localhost' },
    ...(channels > 0 ? { 'multifd-channels': channels } : {}),
  }
  await source.run('migrate-set-parameters', parameters)
  await source.run('migrate', { uri: `tcp:127.0.0.1:${texts.GUEST_PORT}` })
  expect(await source.waitForStatus(['completed', 'failed'])).toBe('completed')
}

async function addDisk(monitor: RawMonitor, node: string): Promise<void> {
  await monitor.run('blockdev-add', { driver: 'memory', 'node-name': node, size: 1_048_576 })
}

async function startPlaces() {
  const certificates = makeX509Folder()
  const ours = await startMonitor(join(scratchFolder(), 'guest'))
  const texts = {
    ...{ CERTS: certificates, HOST: '127.0.0.1' },
    ...{ GUEST_PORT: `${await freePort()}`, DISK_PORT: `${await freePort()}` },
  }
  return { certificates, ours, texts }
}

for (const { file, node, channels } of ORDERS) {
  testWith(
    QEMU,
    `every command of ${file} is answered, and the guest and its disk come`,
    async () => {
      const { certificates, ours, texts } = await startPlaces()
      await addDisk(await ours.open(), node)
      const libvirt = await ours.connect()
      for (const { command, answer } of readExchanges(file, texts)) {
        const asked = JSON.parse(command) as Asked
        if (asked.execute === 'nbd-server-stop') {
          await migrate(certificates, texts, channels)
          await libvirt.waitForStatus(['completed'])
        }
        const reply = await libvirt.ask(command)
        expect(reply?.id).toBe(asked.id)
        expect([command, reply?.error]).toEqual([command, refusalOf(asked) ?? answer.error])
        if (reply?.return !== undefined) {
          expect(Array.isArray(reply.return)).toBe(Array.isArray(answer.return))
        }
      }
      const told = libvirt.events.map(({ event, data }) => [event, data?.status ?? data?.id])
      expect(told).toEqual([
        ['MIGRATION', 'setup'],
        ['MIGRATION', 'active'],
        ['MIGRATION', 'completed'],
        ['BLOCK_EXPORT_DELETED', `libvirt-nbd-${node}`],
      ])
    },
  )
}

test('post-copy is refused in words that libvirt shows, and what was begun is taken back', async () => {
  const { ours, texts } = await startPlaces()
  await addDisk(await ours.open(), 'libvirt-1-storage')
  const libvirt = await ours.connect()
  const exchanges = readExchanges('destination-postcopy', texts)
  const refused = exchanges.findIndex(({ command }) => command.includes('"late-block-activate"'))
  for (const { command } of exchanges.slice(0, refused)) await libvirt.ask(command)
  expect((await libvirt.ask(exchanges[refused]?.command ?? ''))?.error).toEqual({
    class: 'GenericError',
    desc: "Migration capability 'postcopy-ram' is not supported: guests are stored here",
  })
  // libvirt gives up, and does this as it does behind a migration.
  const end = exchanges.findIndex(({ command }) => command.includes('"nbd-server-stop"'))
  for (const { command, answer } of exchanges.slice(end)) {
    const asked = JSON.parse(command) as Asked
    const reply = await libvirt.ask(command)
    expect([command, reply?.error]).toEqual([command, refusalOf(asked) ?? answer.error])
  }
  expect(await libvirt.run('qom-list', { path: '/objects' })).toEqual([
    { name: 'type', type: 'string' },
  ])
})
