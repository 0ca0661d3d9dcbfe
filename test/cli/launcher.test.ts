/** What the launcher tells Node.js, whatever Node.js that is. */
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { execFileSync } from '../peers/child-process.ts'
import { ROOT, scratchFolder } from './command.ts'

/** What a program in the place of Node.js is given: the number of threads, and its first argument. */
function given(args: readonly string[], threads?: string): string {
  const node = join(scratchFolder(), 'node')
  writeFileSync(node, `#!/bin/sh\necho "\${UV_THREADPOOL_SIZE-none} $1"\n`)
  chmodSync(node, 0o755)
  const { UV_THREADPOOL_SIZE: _, ...others } = process.env
  const env = {
    ...others,
    CRYPTOPOLICY_NODE: node,
    ...(threads && { UV_THREADPOOL_SIZE: threads }),
  }
  return execFileSync(join(ROOT, 'bin/cryptopolicy'), args, { env }).trim()
}

test('an NBD server has threads for many disks, unless the user says how many', () => {
  expect(given(['nbd', 'serve', 'disk.img'])).toBe('16 --optimize-for-size')
  expect(given(['nbd', 'serve', 'disk.img'], '3')).toBe('3 --optimize-for-size')
  expect(given(['nbd', 'copy', 'a', 'b'])).toMatch(/^none .*cryptopolicy\.js$/)
  expect(given(['resolve', 'NORMAL'])).toMatch(/^none .*cryptopolicy-resolve\.cjs$/)
  expect(given(['audit', 'host:1'])).toMatch(/^none .*cryptopolicy-audit\.cjs$/)
})
