/** Megabytes through a console of QEMU, both ways at the same time: its guest says again what it is told. */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'vitest'
import { scratchFolder } from '../cli/command.ts'
import { QEMU } from '../migration/qemu.ts'
import { connectPlain } from '../migration/relay/plain-ends.ts'
import { testWith } from '../peers/peer.ts'
import { freePort } from '../peers/port.ts'
import { allBytes, type Chardevs, makeChardevs } from './chardev-fixture.ts'
import { type EchoDevice, READY, startEcho } from './echo-guest.ts'

/** A user whose console is the chardev `a`. */
async function joinUser({ add, registry }: Chardevs): Promise<Socket> {
  const path = join(scratchFolder(), 'user')
  await add(`socket,id=user,path=${path},server=on`)
  registry.join('a', 'user')
  return connectPlain(path)
}

async function take(user: Socket, length: number, pause = 0): Promise<Buffer> {
  const parts: Buffer[] = []
  for (let taken = 0; taken < length; ) {
    const part: Buffer | null = user.read()
    if (part === null) await once(user, 'readable')
    else {
      parts.push(part)
      taken += part.length
      if (pause > 0) await delay(pause)
    }
  }
  return Buffer.concat(parts)
}

/** Says all of it, and reads as much: fast, or a piece and then not for so many milliseconds. */
async function talk(user: Socket, bytes: Buffer, pause = 0): Promise<Buffer> {
  expect(String(await take(user, 1))).toBe(READY)
  user.write(bytes)
  return take(user, bytes.length, pause)
}

/** Says a piece when the one before was said again. */
async function talkInTurns(user: Socket, bytes: Buffer, length: number): Promise<void> {
  expect(String(await take(user, 1))).toBe(READY)
  for (let at = 0; at < bytes.length; at += length) {
    const piece = bytes.subarray(at, at + length)
    user.write(piece)
    expect((await take(user, piece.length)).equals(piece)).toBe(true)
  }
}

const objectsOf = ({ dir }: Chardevs, endpoint: 'server' | 'client') => [
  ...['-object', `tls-creds-x509,id=tls0,dir=${dir},endpoint=${endpoint}`],
]

testWith(QEMU, '10 MB through a QEMU that connects by TLS, read slowly', async () => {
  const chardevs = makeChardevs()
  const port = await chardevs.add('socket,id=a,host=127.0.0.1,port=0,server=on,tls-creds=server')
  const user = await joinUser(chardevs)
  startEcho({
    socket: `host=localhost,port=${port},tls-creds=tls0`,
    objects: objectsOf(chardevs, 'client'),
  })
  const bytes = allBytes()
  expect((await talk(user, bytes, 10)).equals(bytes)).toBe(true)
})

testWith(QEMU, '10 MB through a QEMU that listens by TLS', async () => {
  const chardevs = makeChardevs()
  const user = await reachQemu(chardevs, ',tls-creds=tls0', ',tls-creds=client')
  const bytes = allBytes()
  expect((await talk(user, bytes)).equals(bytes)).toBe(true)
})

testWith(QEMU, 'a line that is pasted into a serial port goes through QEMU whole', async () => {
  const chardevs = makeChardevs()
  const user = await reachQemu(chardevs, ',tls-creds=tls0', ',tls-creds=client', 'serial')
  const bytes = allBytes(1000)
  expect((await talk(user, bytes)).equals(bytes)).toBe(true)
})

/** QEMU's WebSocket stops where much is under way: a client of another kind finds the same. */
for (const tls of [false, true]) {
  testWith(
    QEMU,
    `in turns through a QEMU that listens for WebSocket${tls ? ' by TLS' : ''}`,
    async () => {
      const chardevs = makeChardevs()
      const theirs = `,websocket=on${tls ? ',tls-creds=tls0' : ''}`
      const ours = `,websocket=on${tls ? ',tls-creds=client' : ''}`
      const user = await reachQemu(chardevs, theirs, ours)
      await talkInTurns(user, allBytes(60_000), 2_000)
    },
  )
}

/** @returns a user of a chardev that connects to a QEMU that listens. */
async function reachQemu(
  chardevs: Chardevs,
  theirs: string,
  ours: string,
  device: EchoDevice = 'virtio',
): Promise<Socket> {
  const port = await freePort()
  const objects = objectsOf(chardevs, 'server')
  startEcho({ socket: `host=localhost,port=${port},server=on${theirs}`, objects, device })
  await chardevs.add(`socket,id=a,host=localhost,port=${port},reconnect-ms=100${ours}`)
  return joinUser(chardevs)
}
