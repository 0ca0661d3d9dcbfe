/** More calls of the system at the same time than a library takes. */
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadLibc } from '../../../src/files/libc.ts'
import { scratchFolder } from '../../cli/command.ts'
import { runPeer } from '../../interop/tls-peer.ts'
import { testWith } from '../../peers/peer.ts'
import { serveNbd } from '../our-server.ts'
import { RawTransmission } from './raw-transmission.ts'

const PAGE = 4096

/** A file of pages with data and pages without, one after the other. */
function checkered(pages: number): string {
  const path = join(scratchFolder(), 'checkered')
  const descriptor = openSync(path, 'w')
  ftruncateSync(descriptor, pages * PAGE)
  for (let page = 0; page < pages; page += 2) {
    writeSync(descriptor, Buffer.alloc(PAGE, page + 1), 0, PAGE, page * PAGE)
  }
  closeSync(descriptor)
  return path
}

test('8 connections with 64 WRITE_ZEROES each at once get them all done, others are not touched', async () => {
  const server = await serveNbd([checkered(4096), '-e', '0', '-t', '--quiet'])
  const open = () => RawTransmission.open(server.socket, 'structured')
  const clients = await Promise.all(Array.from({ length: 8 }, open))
  const bystander = await open()
  for (let round = 0; round < 4; round++) {
    for (const client of clients) {
      const calls = Array.from({ length: 64 }, (_, index) => ({
        command: 6,
        offset: (round * 64 + index) * PAGE,
        length: PAGE,
      }))
      client.client.send(...calls.map((call) => client.encode(call)))
    }
    expect(await bystander.error({ command: 6, offset: 4000 * PAGE, length: PAGE })).toBe(0)
    for (const client of clients) {
      const replies = await client.readReplies(64)
      expect([...replies.values()].filter(({ error }) => error !== 0)).toEqual([])
    }
  }
})

test('2000 calls of the C library at once are all made', async () => {
  const libc = loadLibc()
  if (!libc) return
  const descriptor = openSync(checkered(64), 'r')
  const seeks = Array.from({ length: 2000 }, () => libc.seekHole(descriptor, 0))
  expect(new Set(await Promise.all(seeks))).toEqual(new Set([PAGE]))
  closeSync(descriptor)
})

testWith(
  'nbdcopy',
  'nbdcopy with 8 connections and 64 requests each copies a checkered disk',
  async () => {
    const source = checkered(8192)
    const target = checkered(8192)
    const server = await serveNbd([target, '-e', '0', '-t', '--quiet'])
    const args = ['--connections=8', '--requests=64', '--request-size=4096', '--allocated']
    for (const allocated of [true, false]) {
      const uri = `nbd+unix:///?socket=${server.socket}`
      const used = allocated ? args : args.slice(0, -1)
      const { status, output } = await runPeer('nbdcopy', [...used, source, uri])
      expect({ status, output }).toEqual({ status: 0, output: '' })
      expect(readFileSync(target).equals(readFileSync(source))).toBe(true)
    }
  },
)
