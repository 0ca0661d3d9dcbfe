/** `nbd_server_start -a` of the human monitor, by the judgement of libnbd. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { scratchFolder } from '../cli/command.ts'
import { execFile } from '../peers/child-process.ts'
import { testWith } from '../peers/peer.ts'
import { openNegotiated } from './in-process-monitor.ts'

testWith('nbdinfo', 'all block nodes that no other stands on are offered at once', async () => {
  const folder = scratchFolder()
  const disk = join(folder, 'disk')
  writeFileSync(disk, Buffer.alloc(8192, 7))
  const { client } = await openNegotiated()
  const line = (text: string) => client.run('human-monitor-command', { 'command-line': text })
  const file = { driver: 'file', filename: disk }
  await client.run('blockdev-add', { ...file, 'node-name': 'below' })
  await client.run('blockdev-add', { driver: 'raw', 'node-name': 'top', file: 'below', size: 4096 })
  await client.run('blockdev-add', { ...file, 'node-name': 'fixed', 'read-only': true })
  const offered = async () => {
    const uri = `nbd+unix:///?socket=${join(folder, 'n.sock')}`
    const { stdout } = await execFile('nbdinfo', ['--list', '--json', uri])
    const { exports } = JSON.parse(stdout) as { exports: Record<string, unknown>[] }
    return Object.fromEntries(
      exports.map((one) => [one['export-name'], [one['export-size'], one.is_read_only]]),
    )
  }
  expect(await line(`nbd_server_start -a unix:${folder}/n.sock`)).toBe('')
  expect(await offered()).toEqual({ top: [4096, true], fixed: [8192, true] })
  await line('nbd_server_stop')
  expect(await line(`nbd_server_start -a -w unix:${folder}/n.sock`)).toBe('')
  expect(await offered()).toEqual({ top: [4096, false], fixed: [8192, true] })
  await line('nbd_server_stop')
  expect(await line(`nbd_server_start unix:${folder}/n.sock`)).toBe('')
  expect(await offered()).toEqual({})
})
