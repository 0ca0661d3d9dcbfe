import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { TlsObjects } from '../../../src/tls/objects/tls-objects.ts'
import { CLIENT_AUTH } from '../../x509/made-certificate.ts'
import { CLIENT, credentialFolder, endpoint, ukName } from './folder.ts'
import { objectsOf, openListener, openPair } from './meeting.ts'

const CLIENTS = 12
const ROUNDS = 8

/** Clients with a certificate each, and one server. */
function makeObjects(): TlsObjects {
  const extendedKeyUsage = { critical: true, purposes: [CLIENT_AUTH] }
  const clients = Array.from({ length: CLIENTS }, (_, index) => {
    const own = endpoint({ subject: ukName(`guest ${index}`), extendedKeyUsage })
    return `tls-creds-x509,id=client${index},dir=${credentialFolder({ client: [own] })}`
  })
  return objectsOf(`tls-creds-x509,id=server,endpoint=server,dir=${credentialFolder()}`, ...clients)
}

type Open = () => Promise<readonly [Duplex, Duplex]>

const TRANSPORTS: Readonly<Record<string, () => Promise<Open>>> = {
  TCP: () => openListener('tcp'),
  'unix sockets': () => openListener('unix'),
  streams: async () => openPair,
  'streams that are slow': async () => openSlowPair,
}

let opened = 0

/** What is written to one side arrives at the other in order, after so many turns of the loop. */
async function openSlowPair(): Promise<readonly [Duplex, Duplex]> {
  const [near, inner] = await openPair()
  const [outer, far] = await openPair()
  const turns = opened++ % 5
  void forward(inner, outer, turns)
  void forward(outer, inner, 4 - turns)
  return [near, far]
}

async function forward(from: Duplex, to: Duplex, turns: number): Promise<void> {
  from.on('close', () => to.destroy()).on('error', () => {})
  try {
    for await (const chunk of from) {
      for (let turn = 0; turn < turns; turn++) await setImmediate()
      to.write(chunk)
    }
  } catch {
    to.destroy()
  }
}

for (const [name, transport] of Object.entries(TRANSPORTS)) {
  test(`each of many handshakes at once belongs to its connection, over ${name}`, async () => {
    const objects = makeObjects()
    const server = objects.credentials('server', 'server')
    const open = await transport()
    const one = async (number: number): Promise<void> => {
      const client = objects.credentials(`client${number % CLIENTS}`, 'client')
      const [near, far] = await open()
      const accepted = server.accept(far)
      // Some clients leave, and some speak no TLS: their errors are theirs alone.
      if (number % 9 === 4) near.destroy()
      else if (number % 9 === 7) near.write(Buffer.alloc(100, number))
      else {
        const { socket } = await client.connect(near, { hostname: 'localhost' })
        const session = await accepted
        expect(session.peer.distinguishedName).toBe(`C=UK,CN=guest ${number % CLIENTS}`)
        session.socket.write(`to ${number}`)
        const [data] = await once(socket, 'data')
        expect(String(data)).toBe(`to ${number}`)
        socket.destroy()
        return
      }
      const code = number % 9 === 4 ? 'TLS_CONNECTION_CLOSED' : 'TLS_HANDSHAKE_FAILED'
      await expect(accepted).rejects.toMatchObject({ diagnostics: [{ code }] })
      near.destroy()
    }
    await Promise.all(Array.from({ length: CLIENTS * ROUNDS }, (_, number) => one(number)))
  })
}

test('a client of one server is never known to another one by its certificate', async () => {
  const objects = objectsOf(
    `tls-creds-x509,id=server,endpoint=server,dir=${credentialFolder()}`,
    `tls-creds-x509,id=lax,endpoint=server,verify-peer=off,dir=${credentialFolder({ client: [CLIENT] })}`,
    `tls-creds-x509,id=client,dir=${credentialFolder()}`,
  )
  const client = objects.credentials('client', 'client')
  const peers = await Promise.all(
    ['server', 'lax', 'server', 'lax'].map(async (id) => {
      const [near, far] = await openPair()
      const accepted = objects.credentials(id, 'server').accept(far)
      await client.connect(near, { hostname: 'localhost' })
      return (await accepted).peer.distinguishedName
    }),
  )
  expect(peers).toEqual(['C=UK,CN=qemu', undefined, 'C=UK,CN=qemu', undefined])
})
