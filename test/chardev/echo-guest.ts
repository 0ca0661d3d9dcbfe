/**
 * A guest that says again what its console is told, byte for byte: what has gone through it has gone through QEMU
 * both ways. The console is a port of virtio-serial, which takes many bytes at a time, or a serial port, which takes one.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { scratchFolder } from '../cli/command.ts'
import { QEMU } from '../migration/qemu.ts'
import { type ChildProcess, spawn } from '../peers/child-process.ts'

/**
 * The boot sector: the legacy interface of virtio (VIRTIO 1.0, 2.6.2 and 5.3). From 0x10000 on are the queues 4 (what
 * it is told) and, from 0x12000, 5 (what it says), and from 0x14000 queue 3 (control). At 0x20000 is the one buffer.
 */
const VIRTIO_CODE = [
  'fa fc b80010 8ed8 8ec0 8ed0 bc00f0', // no interrupts; all segments at 0x10000
  '31ff 6631c0 b90018 66f3ab', // the queues are zero
  '66b804200080 baf80c 66ef bafc0c b80700 ef', // PCI slot 4: ports, memory, bus master
  '66b810200080 baf80c 66ef bafc0c 66ed 24fc 89c3', // bx = its ports
  '8d5712 b000 ee b003 ee', // status: reset, then acknowledged
  '8d5704 66b802000000 66ef', // feature: several ports
  'b90300 be1400 e8b700', // queue 3 is there
  'b90400 be1000 e8ae00', // queue 4
  'b90500 be1200 e8a500', // queue 5
  '8d5712 b007 ee', // status: ready
  'c606020002 c606090080 c6060c0002', // queue 4: the buffer, 32 KiB, to be written
  'c606022002', // queue 5: the buffer
  'c606000801 c606002801', // neither interrupts
  'b80020 8ec0 26c606000021', // the buffer: !
  '2666c70610000100 0000 2666c70614000600 0100', // behind it: port 1 is open
  'c70600401000 c606024002 c606084008 c606004201 c606024201', // queue 3: that
  '8d5710 b80300 ef', // look at queue 3
  'c606082001 eb24', // one byte is to be said
  'ff060208 8d5710 b80400 ef', // the buffer is free for queue 4
  'a10210 3b060208 75f7', // until bytes are there
  '48 83e07f c1e003 89c6 8b840810 a30820', // as many are to be said
  'ff060228 8d5710 b80500 ef', // look at queue 5
  'a10230 3b060228 75f7', // until they are said
  'ebc6', // again
  '8d570e 89c8 ef 8d5708 660fb7c6 66ef c3', // the queue of number cx is at page si
]

/** The same for COM1, a 16550 at 0x3f8, which is asked again and again. */
const SERIAL_CODE = [
  'fa', // no interrupts
  'bafb03 b003 ee', // eight bits, no parity
  'bafa03 b007 ee', // its queues are empty
  'baf803 b021 ee', // says !
  'bafd03 ec a801 74fb', // until a byte is there
  'baf803 ec 88c4', // takes it
  'bafd03 ec a820 74fb', // until there is room
  'baf803 88e0 ee', // says it
  'ebe2', // again
]

const DEVICES = {
  virtio: {
    code: VIRTIO_CODE,
    options: [
      ...['-device', 'virtio-serial-pci,addr=4'],
      ...['-device', 'virtserialport,chardev=s0,nr=1'],
    ],
  },
  serial: { code: SERIAL_CODE, options: ['-serial', 'chardev:s0'] },
} as const

export type EchoDevice = keyof typeof DEVICES

/** What it says when it is ready. */
export const READY = '!'

const SECTOR = 512

function bootDisk(code: readonly string[]): Buffer {
  const disk = Buffer.alloc(SECTOR)
  Buffer.from(code.join('').replaceAll(' ', ''), 'hex').copy(disk)
  disk.writeUInt16LE(0xaa55, SECTOR - 2)
  return disk
}

export type EchoOptions = {
  /** Options of the chardev that is its console. */
  readonly socket: string
  readonly objects?: readonly string[]
  readonly device?: EchoDevice
}

export function startEcho({ socket, objects = [], device = 'virtio' }: EchoOptions): ChildProcess {
  const { code, options } = DEVICES[device]
  const disk = join(scratchFolder(), 'disk')
  writeFileSync(disk, bootDisk(code))
  const child = spawn(
    QEMU,
    [
      ...['-accel', 'tcg', '-machine', 'pc', '-m', '16', '-nodefaults', '-display', 'none'],
      ...['-vga', 'none', '-drive', `file=${disk},format=raw,if=ide`, ...objects],
      ...['-chardev', `socket,id=s0,${socket}`, ...options, '-S', '-monitor', 'stdio'],
    ],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  )
  beginWhenConnected(child)
  return child
}

/** Starts the guest when its console has a peer: what it says before, as in a handshake that takes long, is lost. */
function beginWhenConnected({ stdin, stdout }: ChildProcess): void {
  stdin?.on('error', () => {})
  const asking = setInterval(() => stdin?.write('info chardev\n'), 50)
  let printed = ''
  stdout?.on('data', (text) => {
    printed += text
    if (!/^s0: filename=(?!disconnected)/m.test(printed)) return
    clearInterval(asking)
    stdout.removeAllListeners('data').resume()
    stdin?.write('cont\n')
  })
  stdout?.once('close', () => clearInterval(asking))
}
