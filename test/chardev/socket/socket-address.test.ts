/** Where a socket is reached and where it listens: QEMU and the kernel say whether a name is the same. */

import { closeSync, constants, openSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parseChardev } from '../../../src/chardev/definition/parse-chardev.ts'
import {
  dialledAddress,
  inheritedSocket,
  listenOptionsOfChardev,
  printChardevAddress,
} from '../../../src/chardev/socket/socket-address.ts'
import { scratchFolder } from '../../cli/command.ts'
import { QEMU } from '../../migration/qemu.ts'
import { eventually } from '../../nbd/server/test-server.ts'
import { spawn, spawnSync } from '../../peers/child-process.ts'
import { testWith } from '../../peers/peer.ts'
import { makeChardevs } from '../chardev-fixture.ts'

function addressOf(options: string) {
  const definition = parseChardev(`socket,id=s,${options}`)
  return (definition as Extract<typeof definition, { backend: 'socket' }>).address
}

test.each([0o600, 0o660])(
  'a socket has the mode that all chardevs are to have, %o',
  async (mode) => {
    const path = join(scratchFolder(), 's')
    const { add } = makeChardevs(undefined, 1, 1, mode)
    await add(`socket,id=s,path=${path},server=on`)
    expect(statSync(path).mode & 0o777).toBe(mode)
  },
)

testWith(QEMU, 'names without a file are those of QEMU, tight or filled up', async () => {
  const { add, registry } = makeChardevs()
  const name = `cryptopolicy-test-ä-${process.pid}`
  const theirs: string[] = []
  for (const tight of ['on', 'off']) {
    const socket = `abstract=on,tight=${tight}`
    await add(`socket,id=l-${tight},path=${name}-ours,${socket},server=on`)
    await add(`socket,id=c-${tight},path=${name}-theirs,${socket},reconnect-ms=50`)
    await add(`ringbuf,id=r-${tight}`)
    registry.join(`c-${tight}`, `r-${tight}`)
    theirs.push(`socket,id=l-${tight},path=${name}-theirs,${socket},server=on,wait=off`)
    theirs.push(`socket,id=c-${tight},path=${name}-ours,${socket},reconnect=1`)
  }
  spawn(QEMU, [
    ...['-accel', 'tcg', '-machine', 'none', '-nodefaults', '-display', 'none'],
    ...theirs.flatMap((text) => ['-chardev', text]),
  ])
  await eventually(() =>
    registry.list().every(({ filename }) => !filename.startsWith('disconnected')),
  )
})

test('a name without a file fills its address, in bytes, unless it is tight', () => {
  expect(listenOptionsOfChardev(addressOf('path=ä,abstract=on,tight=off'))).toEqual([
    { path: `\0ä${'\0'.repeat(105)}` },
  ])
  expect(listenOptionsOfChardev(addressOf('path=ä,abstract=on'))).toEqual([{ path: '\0ä' }])
  expect(listenOptionsOfChardev(addressOf('path=/s'))).toEqual([{ path: '/s' }])
  expect(listenOptionsOfChardev(addressOf('fd=7'))).toEqual([{ fd: 7 }])
  expect(listenOptionsOfChardev(addressOf('host=127.0.0.1,port=8,to=9,server=on'))).toMatchObject([
    { host: '127.0.0.1', port: 8 },
    { host: '127.0.0.1', port: 9 },
  ])
})

test('no host is this host, and no port is none', () => {
  const dialled = (options: string) => {
    const address = addressOf(options)
    if (address.kind === 'fd') throw new Error('a descriptor is not dialled')
    return dialledAddress(address, 's')
  }
  expect(dialled('host=,port=1')).toEqual({ kind: 'tcp', host: 'localhost', port: 1 })
  expect(dialled('host=h,port=65535')).toEqual({ kind: 'tcp', host: 'h', port: 65_535 })
  expect(dialled('path=a,abstract=on')).toEqual({ kind: 'unix', path: '\0a' })
  expect(() => dialled('host=h,port=0')).toThrow('chardev s cannot be used: port 0 is no port')
})

test.each([
  ['fd=7', 'descriptor 7'],
  ['path=/s', '/s'],
  ['path=a,abstract=on,tight=off', '@a'],
  ['host=h,port=1', 'h:1'],
  ['host=::1,port=1', '[::1]:1'],
])('%s is called %s', (options, name) => {
  expect(printChardevAddress(addressOf(options))).toBe(name)
})

test('a connection that was handed over stays open when its other side has said all', () => {
  const path = join(scratchFolder(), 'pipe')
  spawnSync('mkfifo', [path])
  const socket = inheritedSocket(openSync(path, constants.O_RDWR | constants.O_NONBLOCK))
  onTestFinished(() => void socket.destroy())
  expect(socket.allowHalfOpen).toBe(true)
})

test('a descriptor that is no socket is refused', () => {
  const file = openSync('/dev/null', 'r')
  onTestFinished(() => closeSync(file))
  expect(() => inheritedSocket(file)).toThrow(`descriptor ${file} cannot be used: it is not a soc`)
})

test('where it listens under a name without a file is told with an @', async () => {
  const { add } = makeChardevs()
  const name = `cryptopolicy-test-${process.pid}`
  const padded = 'abstract=on,tight=off,server=on'
  expect(await add(`socket,id=s,path=${name},${padded}`)).toBe(`@${name}`)
})
