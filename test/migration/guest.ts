/** A small guest that runs and writes: to its memory, to its disk, and letters to its serial port. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { scratchFolder } from '../cli/command.ts'
import { eventually } from '../nbd/server/test-server.ts'
import { type ChildProcess, spawn } from '../peers/child-process.ts'
import { QEMU } from './qemu.ts'
import { Qmp } from './qmp.ts'

/**
 * The boot sector. At each tick of the timer it counts (at 0x7e00), fills one of 128 pages from 0x10000
 * on with the count, writes that page to sector 64 + count % 1024 of the disk, and sends a letter.
 */
const BOOT_CODE = [
  'fa 31c0 8ed8 8ed0 bc007c fc fb 66c706007e00000000', // no segments, a stack, count = 0
  'f4 66ff06007e 66a1007e', // wait for the tick; count += 1; eax = count
  '89c3 83e37f c1e308 81c30010 8ec3 31ff b90004 66f3ab', // es = the page; fill it with eax
  '8c06697c 6625ff030000 6683c040 66a36b7c', // the packet gets the page and the sector
  'be637c b280 b443 30c0 cd13', // int 13h, function 43h: write by the packet
  '31c0 8ed8 a0007e 240f 0461 baf803 ee', // a letter from a to p to COM1
  'ebb2', // again
  '1000 0800 0000 0000 0000000000000000', // the packet: 8 sectors
]

const SECTOR = 512

const DISK_SIZE = 1_048_576

const MEMORY_SIZE = 16_777_216

function bootDisk(): Buffer {
  const disk = Buffer.alloc(DISK_SIZE)
  Buffer.from(BOOT_CODE.join('').replaceAll(' ', ''), 'hex').copy(disk)
  disk.writeUInt16LE(0xaa55, SECTOR - 2)
  return disk
}

export type Guest = {
  readonly qmp: Qmp
  readonly child: ChildProcess
  /** What it has sent to its serial port. */
  readonly letters: () => string
  readonly disk: string
  /** Its memory, as it is now. */
  readonly memory: () => Buffer
}

export type GuestOptions = {
  /** Waits for a migration, with an empty disk. */
  readonly isIncoming?: boolean
  /** Of its memory, in bytes. */
  readonly size?: number
  /** Its memory is in no file, where QEMU has no post-copy; `memory` cannot be read then. */
  readonly isPrivate?: boolean
  /** Its serial port, and what else that needs; the file gets a copy of its letters. */
  readonly serial?: (file: string) => readonly string[]
}

/** Starts its QEMU; the guest runs unless it waits for a migration. */
export async function startGuest({
  isIncoming = false,
  size = MEMORY_SIZE,
  isPrivate = false,
  serial = (file) => ['-serial', `file:${file}`],
}: GuestOptions = {}): Promise<Guest> {
  const folder = scratchFolder()
  const path = (name: string) => join(folder, name)
  writeFileSync(path('disk'), isIncoming ? Buffer.alloc(DISK_SIZE) : bootDisk())
  writeFileSync(path('serial'), '')
  const file = `memory-backend-file,id=ram0,size=${size},mem-path=${path('memory')},share=on`
  const memory = isPrivate ? `memory-backend-ram,id=ram0,size=${size}` : file
  const child = spawn(QEMU, [
    ...['-accel', 'tcg', '-machine', 'pc,memory-backend=ram0', '-m', `${size / MEBIBYTE}`],
    ...['-nodefaults', '-display', 'none', '-vga', 'none', '-object', memory],
    ...serial(path('serial')),
    ...['-qmp', `unix:${path('qmp')},server=on,wait=off`],
    ...['-blockdev', `driver=file,filename=${path('disk')},node-name=file0,discard=unmap`],
    ...['-blockdev', 'driver=raw,node-name=drive0,file=file0,discard=unmap'],
    ...['-device', 'virtio-blk-pci,drive=drive0,id=vd0,bootindex=0'],
    ...(isIncoming ? ['-incoming', 'defer', '-S'] : []),
  ])
  const qmp = await Qmp.connect(path('qmp'), child)
  const letters = () => readFileSync(path('serial'), 'latin1')
  if (!isIncoming) await eventually(() => letters().length > 2)
  return { qmp, child, letters, disk: path('disk'), memory: () => readFileSync(path('memory')) }
}

const MEBIBYTE = 1_048_576

/** Lets a guest that has arrived go on, and waits until it has. */
export async function goOn({ qmp, letters }: Guest): Promise<string> {
  await qmp.run('cont')
  await eventually(() => letters().length > 3)
  return letters()
}

const PAGE = 4_096

/** Pages that are not the same in both: the address, and how each begins. */
export function differingPages(one: Buffer, other: Buffer): readonly string[] {
  const differing: string[] = []
  for (let start = 0; start < Math.max(one.length, other.length); start += PAGE) {
    const [first, second] = [one, other].map((memory) => memory.subarray(start, start + PAGE))
    if (first === undefined || second === undefined || first.equals(second)) continue
    const [begin, otherBegin] = [first, second].map((page) => page.toString('hex', 0, 16))
    differing.push(`${start.toString(16)}: ${begin} and ${otherBegin}`)
  }
  return differing
}
