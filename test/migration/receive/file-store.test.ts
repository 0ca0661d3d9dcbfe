/** Where a guest is stored by two receivers: neither harms what the other one stores. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openStore } from '../../../src/migration/receive/open-store.ts'
import { scratchFolder } from '../../cli/command.ts'
import { refusal } from '../../diagnostic-code.ts'

test('a file that is being received is refused to a second receiver, and becomes whole', async () => {
  const folder = scratchFolder()
  const path = join(folder, 'guest.mig')
  const first = await openStore(path, 0)
  const writer = await first.open('main')
  await writer.write(Buffer.from('half'))
  await expect(openStore(path, 0)).rejects.toThrow(refusal('FILE_IN_USE'))
  await writer.write(Buffer.from(' and half'))
  await first.publish()
  expect(readFileSync(path, 'utf8')).toBe('half and half')
  const second = await openStore(path, 0)
  await second.discard()
  expect(readdirSync(folder).sort()).toEqual(['guest.mig', 'guest.mig.sha256'])
})

test('what a killed receiver has left behind does not matter', async () => {
  const folder = scratchFolder()
  const partial = join(folder, '.guest.mig.cryptopolicy-partial')
  writeFileSync(partial, 'half of a guest', { mode: 0o600 })
  const store = await openStore(join(folder, 'guest.mig'), 0)
  await store.open('main')
  await store.publish()
  expect(readFileSync(join(folder, 'guest.mig'), 'utf8')).toBe('')
  expect(existsSync(partial)).toBe(false)
})
