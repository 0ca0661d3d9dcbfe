/** Disks that travel with the memory, whose content the guest decides. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { MainInspection } from '../../../src/migration/inspect/main-inspection.ts'
import { inspectMigration } from '../../../src/migration/inspect/migration-inspection.ts'
import { scratchFolder } from '../../cli/command.ts'
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

testWith(QEMU, 'a disk is passed over by its form, whatever the guest wrote to it', async () => {
  const folder = scratchFolder()
  const [disk, stream] = [join(folder, 'disk'), join(folder, 'stream')]
  writeFileSync(disk, hostileDisk())
  const drive = `file=${disk},format=raw,if=virtio,id=disk0`
  const machine = ['-machine', 'pc', '-m', '8', '-drive', drive]
  const zeroes = 'migrate_set_capability zero-blocks on'
  await runMonitor(machine, [zeroes, `migrate -b "exec:cat > ${stream}"`])
  const { first, warnings } = await inspectMigration(stream)
  if (!(first.inspection instanceof MainInspection)) throw new Error('no main channel')
  expect(warnings).toEqual([])
  expect(first.inspection.description).toBeDefined()
  expect([...first.inspection.disks]).toEqual([['disk0', { blocks: 4, zero: 3 }]])
  expect(first.inspection.commands.map(({ command }) => command)).toEqual([])
})
