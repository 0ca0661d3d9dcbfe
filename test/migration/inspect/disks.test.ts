/** Disks that travel with the memory, whose content the guest decides. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { MainInspection } from '../../../src/migration/inspect/main-inspection.ts'
import { inspectMigration } from '../../../src/migration/inspect/migration-inspection.ts'
import { scratchFolder } from '../../cli/command.ts'
import { execFileSync } from '../../peers/child-process.ts'
import { testWith } from '../../peers/peer.ts'
import { QEMU, runMonitor } from '../qemu.ts'

const MIB = 1024 * 1024

/** A disk with what looks like the end of a section, and of the stream. */
function hostileDisk(): Buffer {
  const disk = Buffer.alloc(4 * MIB)
  for (let section = 0; section < 40; section++) {
    const forged = [
      [2, 0, 0, 0, section],
      [8, 0, 2, 0, 4, 0, 0, 0, 1],
      [0, 6, 0, 0, 0, 2, 0x7b, 0x7d],
    ]
    forged.forEach((after, at) => {
      Buffer.from([0x7e, 0, 0, 0, section, ...after]).copy(disk, MIB + section * 100 + at * 30)
    })
  }
  return disk
}

async function inspectMain(stream: string): Promise<MainInspection> {
  const { first, warnings } = await inspectMigration(stream)
  if (!(first.inspection instanceof MainInspection)) throw new Error('no main channel')
  expect(warnings).toEqual([])
  expect(first.inspection.description).toBeDefined()
  return first.inspection
}

testWith(QEMU, 'a disk is passed over by its form, whatever the guest wrote to it', async () => {
  const folder = scratchFolder()
  const [disk, stream] = [join(folder, 'disk'), join(folder, 'stream')]
  writeFileSync(disk, hostileDisk())
  const drive = `file=${disk},format=raw,if=virtio,id=disk0`
  const machine = ['-machine', 'pc', '-m', '8', '-drive', drive]
  const zeroes = 'migrate_set_capability zero-blocks on'
  await runMonitor(machine, [zeroes, `migrate -b "exec:cat > ${stream}"`])
  const main = await inspectMain(stream)
  expect([...main.disks]).toEqual([['disk0', { blocks: 4, zero: 3 }]])
  expect(main.commands.map(({ command }) => command)).toEqual([])
})

/** Writes of sectors that make a bitmap of sectors hold these bytes. */
function writesOf(bytes: readonly number[], at: number): readonly string[] {
  return bytes.flatMap((byte, index) =>
    [0, 1, 2, 3, 4, 5, 6, 7]
      .filter((bit) => ((byte >> bit) & 1) === 1)
      .map((bit) => `qemu-io disk0 "write ${((at + index) * 8 + bit) * 512} 512"`),
  )
}

testWith(QEMU, 'a dirty bitmap is passed over by its form, whatever the guest wrote', async () => {
  const folder = scratchFolder()
  const [disk, stream] = [join(folder, 'disk'), join(folder, 'stream')]
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', disk, '16M'])
  execFileSync('qemu-img', ['bitmap', '--add', '-g', '512', disk, 'changes'])
  const forged = [1, 2, 3, 4, 5, 6].flatMap((id) =>
    writesOf([0x7e, 0, 0, 0, id, 2, 0, 0, 0, id], 64 * id),
  )
  const drive = `file=${disk},format=qcow2,if=virtio,id=disk0,node-name=node0`
  const capability = 'migrate_set_capability dirty-bitmaps on'
  const commands = [...forged, capability, `migrate "exec:cat > ${stream}"`]
  await runMonitor(['-machine', 'pc', '-m', '8', '-drive', drive], commands)
  const { sections } = await inspectMain(stream)
  const own = sections.filter(({ name }) => name === 'dirty-bitmap')
  const kinds = own.map(({ kind }) => kind)
  expect([kinds.at(0), kinds.at(-1)]).toEqual(['START', 'END'])
  // The forged bytes are there, and would have been the end of this section.
  const id = own[0]?.id ?? 0
  expect(readFileSync(stream).includes(Buffer.from([0x7e, 0, 0, 0, id, 2, 0, 0, 0, id]))).toBe(true)
})
