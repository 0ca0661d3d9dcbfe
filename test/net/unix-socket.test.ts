/** What may be in the way of a Unix socket, and who may connect to it. */
import { existsSync, linkSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { withSocketFile } from '../../src/net/socket-file.ts'
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

function listen(path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    onTestFinished(() => void server.close())
    server.on('error', reject).listen(path, () => resolve(server))
  })
}

/** A socket on which no server listens any more, as one that was killed leaves it. */
async function leaveSocket(path: string): Promise<void> {
  const server = await listen(`${path}.old`)
  linkSync(`${path}.old`, path)
  await new Promise((resolve) => server.close(resolve))
}

describe('withSocketPath', () => {
  test('takes the place of a socket that was left, and keeps no lock', async () => {
    const path = join(scratchFolder(), 'socket')
    await leaveSocket(path)
    let isBound = false
    await withSocketPath(path, async () => {
      expect(existsSync(path)).toBe(false)
      expect(existsSync(`${path}.lock`)).toBe(true)
      await listen(path)
      isBound = true
    })
    expect([isBound, existsSync(path), existsSync(`${path}.lock`)]).toEqual([true, true, false])
  })

  test('takes a place where nothing is', async () => {
    const path = join(scratchFolder(), 'socket')
    await withSocketPath(path, async () => void (await listen(path)))
    expect(statSync(path).isSocket()).toBe(true)
  })

  test('follows a link to a socket', async () => {
    const folder = scratchFolder()
    await listen(join(folder, 'real'))
    symlinkSync('real', join(folder, 'socket'))
    let isBound = false
    await withSocketPath(join(folder, 'socket'), async () => {
      isBound = true
    })
    expect(isBound).toBe(true)
  })

  test('leaves a socket on which a server listens, and no lock where it fails', async () => {
    const path = join(scratchFolder(), 'socket')
    await listen(path)
    const bind = () => withSocketPath(path, async () => void (await listen(path)))
    await expect(bind()).rejects.toMatchObject({ code: 'EADDRINUSE' })
    expect(statSync(path).isSocket()).toBe(true)
    expect(existsSync(`${path}.lock`)).toBe(false)
  })

  test('a name in the abstract namespace has no file, and none in the way', async () => {
    const path = `\0${join(scratchFolder(), 'socket')}`
    let isBound = false
    await withSocketPath(path, async () => {
      isBound = true
    })
    expect(isBound).toBe(true)
  })
})

describe('withSocketFile', () => {
  const bindAt = (path: string) => async () => void (await listen(path))

  test.each([0o600, 0o660, 0o777, 0o000])('gives a socket the mode %o at once', async (mode) => {
    const path = join(scratchFolder(), 'socket')
    const before = process.umask(0o022)
    onTestFinished(() => void process.umask(before))
    let atOnce: number | undefined
    await withSocketFile(path, { mode }, async () => {
      const listening = listen(path)
      atOnce = statSync(path).mode & 0o777
      await listening
    })
    expect(atOnce).toBe(mode)
    expect(process.umask()).toBe(0o022)
  })

  test('leaves the umask where no mode is asked for, and restores it where binding fails', async () => {
    const before = process.umask(0o027)
    onTestFinished(() => void process.umask(before))
    const path = join(scratchFolder(), 'socket')
    await withSocketFile(path, {}, bindAt(path))
    expect(statSync(path).mode & 0o777).toBe(0o750)
    const fail = () => {
      throw new Error('no room')
    }
    await expect(withSocketFile(path, { mode: 0o600 }, fail)).rejects.toThrow('no room')
    expect(process.umask()).toBe(0o027)
  })

  test.each([undefined, '\0guest'])('does nothing to %j, which has no file', async (path) => {
    let umask: number | undefined
    const before = process.umask()
    await withSocketFile(path, { mode: 0o600, user: 1, group: 1 }, async () => {
      umask = process.umask()
    })
    expect(umask).toBe(before)
  })

  test.skipIf(process.geteuid?.() !== 0)(
    'gives it to a user or a group alone, too [root]',
    async () => {
      const owner = async (file: { user?: number; group?: number }) => {
        const path = join(scratchFolder(), 'socket')
        await withSocketFile(path, file, bindAt(path))
        const { uid, gid } = statSync(path)
        return [uid, gid]
      }
      const gid = process.getegid?.()
      expect(await owner({})).toEqual([0, gid])
      expect(await owner({ user: 1 })).toEqual([1, gid])
      expect(await owner({ group: 1 })).toEqual([0, 1])
      expect(await owner({ user: 1, group: 2 })).toEqual([1, 2])
      expect(await owner({ user: 0, group: 0 })).toEqual([0, 0])
    },
  )

  test('tells that the owner cannot be given', async () => {
    const path = join(scratchFolder(), 'socket')
    const unbound = withSocketFile(path, { user: 0 }, async () => {})
    await expect(unbound).rejects.toMatchObject({ code: 'ENOENT' })
    const group = withSocketFile(path, { group: 0 }, async () => {})
    await expect(group).rejects.toMatchObject({ code: 'ENOENT' })
    await withSocketFile(path, { mode: 0o600 }, async () => {})
  })
})
