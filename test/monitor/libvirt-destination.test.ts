/** The commands of libvirt for the destination of a migration, with a real source between them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { scratchFolder } from '../cli/command.ts'
import { makeX509Folder } from '../nbd/nbd-credentials.ts'
import { execFile } from '../peers/child-process.ts'
import { testWith } from '../peers/peer.ts'
import { freePort } from '../peers/port.ts'
import { startMonitor } from './our-monitor.ts'
import { QEMU, startQemu } from './qemu-monitor.ts'
import type { Message, RawMonitor } from './raw-monitor.ts'

/** Of a guest's machine: what is asked of it is refused in words that libvirt shows. */
const REFUSED: Readonly<Record<string, string>> = {
  'qom-list-get': "Device '/machine/unattached/device[0]' not found",
  'qom-list': "Device '/machine/peripheral' not found",
}

const ACK_ON = '{"capability":"switchover-ack","state":true}'
const ACK_OFF = ACK_ON.replace('true', 'false')

type Exchange = { readonly command: string; readonly answer: Message }

/** Each command with its answer. */
function readExchanges(texts: Readonly<Record<string, string>>): readonly Exchange[] {
  const path = join(import.meta.dirname, 'libvirt', 'destination.txt')
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
async function migrate(certificates: string, texts: Readonly<Record<string, string>>) {
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
  await source.run('migrate-set-capabilities', { capabilities: on('events', 'return-path') })
  const credentials = { 'qom-type': 'tls-creds-x509', id: 'c0', endpoint: 'client' }
  await source.run('object-add', { ...credentials, dir: certificates })
  const parameters = { 'tls-creds': 'c0', 'tls-hostname': 'localhost' }
  await source.run('migrate-set-parameters', parameters)
  await source.run('migrate', { uri: `tcp:127.0.0.1:${texts.GUEST_PORT}` })
  expect(await source.waitForStatus(['completed', 'failed'])).toBe('completed')
}

/** The disk that libvirt has given to a QEMU on its command line. */
async function addDisk(monitor: RawMonitor): Promise<void> {
  const disk = { driver: 'memory', 'node-name': 'libvirt-1-storage', size: 1_048_576 }
  await monitor.run('blockdev-add', disk)
}

testWith(
  QEMU,
  'every command of libvirt is answered, and the guest and its disk come',
  async () => {
    const certificates = makeX509Folder()
    const ours = await startMonitor(join(scratchFolder(), 'guest'))
    const texts = {
      ...{ CERTS: certificates, HOST: '127.0.0.1' },
      ...{ GUEST_PORT: `${await freePort()}`, DISK_PORT: `${await freePort()}` },
    }
    await addDisk(await ours.open())
    const libvirt = await ours.connect()
    for (const { command, answer } of readExchanges(texts)) {
      const { execute, id } = JSON.parse(command) as { execute: string; id: string }
      if (execute === 'nbd-server-stop') {
        await migrate(certificates, texts)
        await libvirt.waitForStatus(['completed'])
      }
      const reply = await libvirt.ask(command)
      expect(reply?.id).toBe(id)
      if (Object.hasOwn(REFUSED, execute)) expect(reply?.error?.desc).toBe(REFUSED[execute])
      else if (answer.error) expect([command, reply?.error]).toEqual([command, answer.error])
      else {
        expect([command, reply?.error]).toEqual([command, undefined])
        expect(Array.isArray(reply?.return)).toBe(Array.isArray(answer.return))
      }
    }
    const told = libvirt.events.map(({ event, data }) => [event, data?.status ?? data?.id])
    expect(told).toEqual([
      ['MIGRATION', 'setup'],
      ['MIGRATION', 'active'],
      ['MIGRATION', 'completed'],
      ['BLOCK_EXPORT_DELETED', 'libvirt-nbd-libvirt-1-storage'],
    ])
  },
)
