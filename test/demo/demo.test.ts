import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT, scratchFolder } from '../cli/command.ts'
import { spawn } from '../peers/child-process.ts'

test('a demo that a signal ends leaves nothing in the temporary folder', async () => {
  const folder = scratchFolder()
  const demo = spawn(process.execPath, [join(ROOT, 'test', 'demo', 'demo.ts')], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  // It tells a step before it runs it.
  await once(demo.stdout, 'data')
  expect(readdirSync(folder)).toHaveLength(1)
  demo.kill('SIGTERM')
  expect(await once(demo, 'exit')).toEqual([143, null])
  expect(readdirSync(folder)).toEqual([])
})
