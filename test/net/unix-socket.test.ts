/** What may be in the way of a Unix socket. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { NOT_A_SOCKET, withSocketPath } from '../../src/net/unix-socket.ts'
import { scratchFolder } from '../cli/command.ts'

test.each<readonly [string, (path: string) => void]>([
  ['a file', (path) => writeFileSync(path, '')],
  ['a folder', (path) => mkdirSync(path)],
  ['a link to a file', (path) => symlinkSync('/etc/passwd', path)],
  ['a link to nothing', (path) => symlinkSync('/nowhere/socket', path)],
])('%s is told as what it is, not as something that listens', async (_, make) => {
  const path = join(scratchFolder(), 'socket')
  make(path)
  const bind = () =>
    new Promise<void>((resolve, reject) => {
      createServer().on('error', reject).listen(path, resolve)
    })
  await expect(withSocketPath(path, bind)).rejects.toMatchObject({ code: NOT_A_SOCKET })
})
