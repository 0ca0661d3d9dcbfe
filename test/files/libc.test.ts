/** Calls of the system that node:fs lacks. What the kernel tells of the files, and python3, judge. */
import {
  closeSync,
  fstat,
  openSync,
  readFileSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { descriptorRoom } from '../../src/files/descriptors.ts'
import { FALLOCATE, type Libc, loadLibc } from '../../src/files/libc.ts'
import { runFile, scratchFolder } from '../cli/command.ts'
import { spawn } from '../peers/child-process.ts'
import { testWith } from '../peers/peer.ts'
import { openFilesBelow } from './open-files.ts'

const MIB = 1024 * 1024

function bindLibc(): Libc {
  const libc = loadLibc()
  if (!libc) throw new Error('koffi is not installed')
  return libc
}

/** A file with a hole of 1 MiB, data of 1 MiB, and a hole of 1 MiB. */
function sparseFile(): { readonly path: string; readonly descriptor: number } {
  const path = join(scratchFolder(), 'sparse')
  const descriptor = openSync(path, 'w+')
  onTestFinished(() => closeSync(descriptor))
  writeSync(descriptor, Buffer.alloc(MIB, 'x'), 0, MIB, MIB)
  truncateSync(path, 3 * MIB)
  return { path, descriptor }
}

test('data and holes are found, and the end of both', async () => {
  const { seekData, seekHole } = bindLibc()
  const { descriptor } = sparseFile()
  expect(await seekData(descriptor, 0)).toBe(MIB)
  expect(await seekHole(descriptor, 0)).toBe(0)
  expect(await seekHole(descriptor, MIB + 1)).toBe(2 * MIB)
  expect(await seekData(descriptor, 2 * MIB)).toBeUndefined()
  expect(await seekHole(descriptor, 4 * MIB)).toBeUndefined()
})

test('a range becomes a hole or zeros, and the size stays', async () => {
  const { fallocate, seekData } = bindLibc()
  const { path, descriptor } = sparseFile()
  const allocated = statSync(path).blocks * 512
  await fallocate(descriptor, FALLOCATE.PUNCH_HOLE, MIB, MIB / 2)
  expect(await seekData(descriptor, 0)).toBe(1.5 * MIB)
  expect(statSync(path).blocks * 512).toBeLessThan(allocated)
  const isDone = await fallocate(descriptor, FALLOCATE.ZERO_RANGE, 2 * MIB - 4, 8 * MIB).then(
    () => true,
    // Not every file system can.
    (error) => error.code !== 'EOPNOTSUPP' && Promise.reject(error),
  )
  const end = readFileSync(path).subarray(2 * MIB - 8, 2 * MIB + 4)
  expect(end).toEqual(Buffer.from(isDone ? 'xxxx\0\0\0\0\0\0\0\0' : 'xxxxxxxx\0\0\0\0'))
  expect(statSync(path).size).toBe(3 * MIB)
})

test('a call that fails has the code of the system', async () => {
  const { fallocate, seekData } = bindLibc()
  const code = async (call: Promise<unknown>): Promise<unknown> => call.catch((error) => error.code)
  // No descriptor of a process has this number.
  expect(await code(seekData(2 ** 30, 0))).toBe('EBADF')
  const { descriptor } = sparseFile()
  expect(await code(fallocate(descriptor, FALLOCATE.PUNCH_HOLE, -1, 1))).toBe('EINVAL')
})

test('an error has the code and the number that Node.js gives to the same', async () => {
  const { seekData } = bindLibc()
  const theirs = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
    fstat(2 ** 30, resolve)
  })
  const ours = await seekData(2 ** 30, 0).then(
    () => undefined,
    ({ code, errno }) => ({ code, errno }),
  )
  expect(ours).toEqual({ code: theirs?.code, errno: theirs?.errno })
})

test('what is in memory is read at its place, without waiting', () => {
  const { readCached } = bindLibc()
  const { descriptor } = sparseFile()
  const target = Buffer.alloc(8, '.')
  expect(readCached(descriptor, target, 2, 4, MIB - 2)).toBe(4)
  expect(target).toEqual(Buffer.from('..\0\0xx..'))
  expect(readCached(descriptor, target, 0, 4, MIB)).toBe(4)
  expect(target.toString()).toBe('xxxxxx..')
  expect(readCached(2 ** 30, target, 0, 4, 0)).toBe(-1)
})

/** Binds two sockets, a path and an abstract name, and prints one line for each message. */
const RECEIVER = `
import socket, sys, select
sockets = [socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(2)]
sockets[0].bind(sys.argv[1])
sockets[1].bind('\\0' + sys.argv[2])
print('bound', flush=True)
while True:
    for ready in select.select(sockets, [], [])[0]:
        print(sockets.index(ready), ready.recv(4096).decode(), flush=True)
`

testWith('python3', 'a datagram comes to a path and to an abstract name', async () => {
  const { sendDatagram } = bindLibc()
  const folder = scratchFolder()
  // Only an @ in the first place means an abstract name.
  const path = join(folder, 'so@cket')
  const name = `cryptopolicy-test-${process.pid}`
  const receiver = spawn('python3', ['-c', RECEIVER, path, name])
  let told = ''
  receiver.stdout.on('data', (data) => {
    told += data
  })
  await expect.poll(() => told).toBe('bound\n')
  expect(sendDatagram(path, 'by path é')).toBe(true)
  await expect.poll(() => told).toBe('bound\n0 by path é\n')
  expect(sendDatagram(`@${name}`, 'by name')).toBe(true)
  await expect.poll(() => told).toBe('bound\n0 by path é\n1 by name\n')
  expect(sendDatagram(`${path}-none`, 'x')).toBe(false)
  expect(sendDatagram(`/${'x'.repeat(107)}`, 'x')).toBe(false)
})

test('there is room for fewer descriptors once more are open, and for no more than the limit', () => {
  const folder = scratchFolder()
  const { stdout } = runFile('sh', ['-c', `grep 'open files' /proc/${process.pid}/limits`])
  const limit = Number(/(\d+)/.exec(stdout)?.[1])
  const before = descriptorRoom()
  const opened = Array.from({ length: 300 }, (_, at) => openSync(join(folder, `${at}`), 'w'))
  const during = descriptorRoom()
  expect(openFilesBelow(folder).length).toBe(300)
  for (const descriptor of opened) closeSync(descriptor)
  expect(before).toBeLessThan(limit)
  // Other tests run in this process.
  expect(before - during).toBeGreaterThan(200)
  expect(during).toBeGreaterThan(0)
})
