/** What is found in recorded migrations, against what another reader found. */
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { migrationToJson } from '../../../src/migration/inspect/inspection-json.ts'
import { inspectMigration } from '../../../src/migration/inspect/migration-inspection.ts'
import { EXPECTED, type Expected, recordedOf, STREAMS } from '../recorded-streams.ts'

async function inspected(name: string): Promise<Expected> {
  const migration = await inspectMigration(join(STREAMS, name))
  return JSON.parse(JSON.stringify(migrationToJson(migration)))
}

describe('a main channel', () => {
  test.each(recordedOf('main'))('%s has what was found in it', async (name) => {
    const { sections, sectionCounts, commands, packages, description, flushes, ram, ...rest } =
      EXPECTED[name]
    const found = await inspected(name)
    expect(found).toMatchObject({ ...rest, complete: true })
    // Of compressed pages, only bytes and digest were noted.
    if (!ram) return
    expect(found.ram).toMatchObject(ram)
    expect(found.ram.flushes).toEqual(flushes)
    if (sections) expect(found.sections.map(sectionLine)).toEqual(sections)
    else expect(countSections(found)).toEqual(sectionCounts)
    expect(found.commands.map(commandLine)).toEqual(commands)
    expect(found.packages.map((each: Expected) => each.contents)).toEqual(packages)
    expect(describedIn(found)).toEqual(description)
  })
})

function sectionLine({ offset, kind, id, name, instance, version, length }: Expected): string {
  return `${offset} ${kind} ${id} ${name} ${instance ?? '-'} ${version ?? '-'} ${length}`
}

function countSections({ sections }: Expected) {
  const parts = sections.filter(({ kind }: Expected) => kind === 'PART')
  return { all: sections.length, PART: parts.length }
}

function commandLine({ offset, command, length, data }: Expected): string {
  return `${offset} ${command} ${length} ${data.slice(0, 32)}`
}

function describedIn({ description, descriptionAt }: Expected) {
  if (!description) return null
  const { page_size: pageSize, devices } = description
  return { ...descriptionAt, pageSize, devices: devices.length, keys: Object.keys(description) }
}

test.each(recordedOf('multifd'))(
  'the multifd channel %s has what was found in it',
  async (name) => {
    const { flags, blocks, ...rest } = EXPECTED[name]
    const found = await inspected(name)
    expect(found).toMatchObject(rest)
    expect(
      Object.fromEntries(found.flags.map((each: Expected) => [each.flags, each.count])),
    ).toEqual(flags)
    expect(
      Object.fromEntries(found.blocks.map((each: Expected) => [each.name, each.pages])),
    ).toEqual(blocks)
  },
)

test.each(recordedOf('return-path'))('the return path %s has its messages', async (name) => {
  const { messages, ...rest } = EXPECTED[name]
  const found = await inspected(name)
  expect(found).toMatchObject(rest)
  expect(
    found.messages.map(({ message, length, data }: Expected) => `${message}(${length})${data}`),
  ).toEqual(messages)
})

test.each(recordedOf('preempt'))('%s is known as a preempt channel', async (name) => {
  expect(await inspected(name)).toMatchObject(EXPECTED[name])
})

describe('a folder of channels is one migration', () => {
  const folders = [...new Set(Object.keys(EXPECTED).map((name) => name.split('/')))]
    .filter((parts) => parts.length === 2)
    .map(([folder]) => folder ?? '')
  test.each([...new Set(folders)])('%s has the pages of all its channels', async (folder) => {
    const found = await inspected(folder)
    const own = Object.entries(EXPECTED).filter(([name]) => name.startsWith(`${folder}/`))
    const main = own.find(([, { kind }]) => kind === 'main')?.[1]
    const others = own.filter(([, { kind }]) => kind === 'multifd').map(([, channel]) => channel)
    expect(found).toMatchObject({ complete: true, sha256: main.sha256, machine: main.machine })
    expect(found.channels.map(({ sha256 }: Expected) => sha256).sort()).toEqual(
      own
        .map(([, { sha256 }]) => sha256)
        .filter((sha256) => sha256 !== main.sha256)
        .sort(),
    )
    const sum = (kind: 'normal' | 'zero') =>
      others.reduce((total, { pages }) => total + pages[kind], main.ram.pages[kind])
    expect(found.ram.pages).toMatchObject({ normal: sum('normal'), zero: sum('zero') })
  })
})
