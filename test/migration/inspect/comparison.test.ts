/** Whether another QEMU would take a migration, against what that QEMU does. */
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { compareMigrations } from '../../../src/migration/inspect/comparison.ts'
import { MainInspection } from '../../../src/migration/inspect/main-inspection.ts'
import { inspectMigration } from '../../../src/migration/inspect/migration-inspection.ts'
import { scratchFolder } from '../../cli/command.ts'
import { testWith } from '../../peers/peer.ts'
import { QEMU, recordMigration, takes } from '../qemu.ts'
import { STREAMS } from '../recorded-streams.ts'

async function mainOf(path: string): Promise<MainInspection> {
  const { inspection } = (await inspectMigration(path)).first
  if (!(inspection instanceof MainInspection)) throw new Error(`${path} is no main channel`)
  return inspection
}

async function compare(first: string, second: string) {
  return compareMigrations(await mainOf(first), await mainOf(second))
}

describe('the verdict is that of QEMU', () => {
  const MACHINES: Readonly<Record<string, readonly string[]>> = {
    'a machine': ['-machine', 'q35', '-m', '8'],
    'another machine type': ['-machine', 'pc', '-m', '8'],
    'more memory': ['-machine', 'q35', '-m', '16'],
    'one more device': ['-machine', 'q35', '-m', '8', '-device', 'pci-testdev,addr=5'],
    'a device with state': ['-machine', 'q35', '-m', '8', '-device', 'isa-serial'],
    'an older machine type': ['-machine', 'pc-q35-6.0', '-m', '8'],
  }
  const names = Object.keys(MACHINES)

  testWith(QEMU, `of ${names.length} machines`, async () => {
    const folder = scratchFolder()
    const fileOf = (name: string) => join(folder, name.replaceAll(' ', '-'))
    const checkVerdict = async (first: string, second: string) => {
      const { isTaken } = await compare(fileOf(first), fileOf(second))
      const isReallyTaken = await takes(MACHINES[second] ?? [], fileOf(first))
      expect(isTaken, `${first} to ${second}`).toBe(isReallyTaken)
    }
    for (const name of names) await recordMigration(MACHINES[name] ?? [], fileOf(name))
    for (const first of names) {
      await checkVerdict(first, names[0] ?? '')
      await checkVerdict(names[0] ?? '', first)
    }
  })
})

/** Each was restored by the other's QEMU when they were recorded. */
test('guests of one machine type go from one version of QEMU to another', async () => {
  const [old, new_] = ['tcp-7.2-multifd2-guest', 'tcp-10-xbzrle-guest'].map((name) =>
    join(STREAMS, name),
  )
  for (const pair of [
    [old, new_],
    [new_, old],
  ]) {
    const [first = '', second = ''] = pair
    expect((await compare(first, second)).isTaken).toBe(true)
  }
})

test('a difference says what both have and what follows', async () => {
  const first = join(STREAMS, 'exec-11-pc-q35-11.1-S.bin.gz')
  const second = join(STREAMS, 'exec-7.2-pc-i440fx-7.2-S.bin.gz')
  const { isTaken, differences } = await compare(first, second)
  expect(isTaken).toBe(false)
  expect(differences).toContainEqual({
    kind: 'machine',
    subject: 'machine',
    first: 'pc-q35-11.1',
    second: 'pc-i440fx-7.2',
    consequence: 'refuses',
  })
  expect(differences).toContainEqual({
    kind: 'device',
    subject: 'fdc 0',
    first: undefined,
    second: 'version 2',
    consequence: 'takes',
  })
})
